# SPDX-License-Identifier: BSD-2-Clause
# Completion for bash: sub-commands and options of liblightnvm's tools, and files where a device or a file is meant.

_liblightnvm_subcommands() {
  case $1 in
    nvm_addr) echo "s12_to_gen s20_to_gen gen2dev dev2gen gen2off off2gen gen2lpo lpo2gen gen_as_geo dev_as_geo" ;;
    nvm_bench) echo "read write mixed reset compare" ;;
    nvm_bbt) echo "get set_f set_b set_g set_d set_h mark_f mark_b mark_g mark_d mark_h" ;;
    nvm_cmd) echo "idfy rprt_all rprt_lun gbbt sbbt erase write read copy pioc padc" ;;
    nvm_dev) echo "info enum backends map" ;;
    nvm_emu) echo "create info check chunks faults" ;;
    nvm_vblk)
      echo "erase pad write read copy set_erase set_pad set_write set_read"
      echo "line_erase line_pad line_write line_read line_pread"
      ;;
  esac
}

_liblightnvm_create_options() {
  echo "--spec --groups --punits --chunks --blocks --planes --pages --page-sectors --sectors --sector-bytes --oob-bytes"
  echo "--ws-min --ws-opt --mw-cunits --maxoc --maxocpu --wit --mccap --pe-cycles --predefined --mdts --serial --bad"
  echo "--trdt --trdm --twrt --twrm --tcrst --tcrsm --tprt --tprm --tbet --tbem --chunk-info --segment-bytes --force"
}

_liblightnvm_bench_options() {
  echo "--random --depth --threads --time --count --rate --punits --chunks --overwrite -y --yes --seed --timing --interval"
  echo "-b --brief"
  [[ $1 == reset ]] || echo "--size --sectors --vector --verify"
  [[ $1 == mixed ]] && echo "--reads"
  [[ $1 == read || $1 == mixed ]] && echo "--prepare"
  [[ $1 == read ]] || echo "--open"
}

# Of a sub-command; without one, of the tool.
_liblightnvm_options() {
  case $1.$2 in
    nvm_check.*) echo "-h --help --version -y --yes --json --rule --list --seed" && return ;;
    nvm_target.*)
      echo "-h --help --version --json --nqn --host --metadata --ro --listen --cores --config"
      return
      ;;
    *.) echo "-h --help --version" && return ;;
  esac
  echo "-h --help --json"
  case $1.$2 in
    nvm_addr.*) echo "-t" ;;
    nvm_bench.compare) ;;
    nvm_bench.*) _liblightnvm_bench_options "$2" ;;
    nvm_cmd.write) echo "-i" ;;
    nvm_cmd.read) echo "-o" ;;
    nvm_cmd.pioc | nvm_cmd.padc) echo "-c -d -m" ;;
    nvm_dev.info) echo "-b --brief" ;;
    nvm_dev.map) echo "-o --wear --watch --columns --color" ;;
    nvm_emu.create) _liblightnvm_create_options ;;
    nvm_emu.check) echo "--repair" ;;
    nvm_emu.chunks) echo "--group --punit --state --summary" ;;
    nvm_vblk.*write) echo "-i --pad --scalar --depth" ;;
    nvm_vblk.line_pread) echo "-o --scalar --depth" ;;
    nvm_vblk.*read) echo "-o --bytes --scalar --depth" ;;
    nvm_vblk.*) echo "--scalar --depth" ;;
  esac
}

# The values of the option $1; fails where it takes none that are known.
_liblightnvm_values() {
  case $1 in
    --state) echo "free open closed offline" ;;
    --spec) echo "1.2 2.0" ;;
    --predefined) echo "0x00 0xff" ;;
    --color) echo "always never auto" ;;
    --timing) echo "command batch" ;;
    --metadata) echo "none extended" ;;
    *) return 1 ;;
  esac
}

# Fills COMPREPLY with the words of $2 that begin with $1.
_liblightnvm_words() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$2" -- "$1")
}

# Files that begin with $1; with -d as $2, directories.
_liblightnvm_files() {
  local word
  COMPREPLY=()
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "${2:--f}" -- "$1")
}

_liblightnvm() {
  local tool=${COMP_WORDS[0]##*/} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} sub="" first=1 values
  COMPREPLY=()
  if [[ $tool != nvm_check && $tool != nvm_target ]]; then
    first=2
    ((COMP_CWORD > 1)) && sub=${COMP_WORDS[1]}
    if ((COMP_CWORD == 1)) && [[ $word != -* ]]; then
      _liblightnvm_words "$word" "$(_liblightnvm_subcommands "$tool")"
      return
    fi
  fi
  if values=$(_liblightnvm_values "$before"); then
    _liblightnvm_words "$word" "$values"
  elif [[ $before == -[cdimo] || $before == --chunk-info || $before == --config ]]; then
    _liblightnvm_files "$word"
  elif [[ $word == -* ]]; then
    _liblightnvm_words "$word" "$(_liblightnvm_options "$tool" "$sub")"
  elif [[ $tool.$sub == nvm_dev.enum ]]; then
    _liblightnvm_files "$word" -d
  elif ((COMP_CWORD == first)) && [[ $tool.$sub != nvm_dev.backends ]] || [[ $tool.$sub == nvm_bench.compare || $tool == nvm_target ]]; then
    _liblightnvm_files "$word"
  fi
}

complete -F _liblightnvm nvm_addr nvm_bbt nvm_bench nvm_check nvm_cmd nvm_dev nvm_emu nvm_target nvm_vblk
