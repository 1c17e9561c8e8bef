// SPDX-License-Identifier: BSD-2-Clause
// The printers of what devices say: nvm_spec_*_pr and nvm_nvme_cmd_pr.
#include <cinttypes>
#include <cstdio>

#include "capi/handles.hpp"

namespace {

// True, and the line is printed, where there is nothing to print.
bool nothing(const void* value, const char* name) {
  if (value == nullptr) std::printf("%s: ~\n", name);
  return value == nullptr;
}

void number(const char* name, std::uint64_t value) { std::printf("  %s: %" PRIu64 "\n", name, value); }
void bits8(const char* name, unsigned value) { std::printf("  %s: " NVM_I8_FMT "\n", name, NVM_I8_TO_STR(value)); }

// `name` with its colon, filled up to `width`.
void mask(const char* name, int width, std::uint64_t value) {
  std::printf("  %-*s '" NVM_I64_FMT "'\n", width, name, NVM_I64_TO_STR(value));
}

void group_pr(const nvm_spec_idfy_cgrp& g) {
  std::printf("  mtype: 0x%02x)\n", unsigned{g.mtype});
  if (g.mtype != 0) return;
  bits8("fmtype", g.fmtype);
  number("num_ch", g.num_ch);
  number("num_luns", g.num_lun);
  number("num_pln", g.num_pln);
  number("num_blk", g.num_blk);
  number("num_pg", g.num_pg);
  number("fpg_sz", g.fpg_sz);
  number("csecs", g.csecs);
  number("sos", g.sos);
  number("trdt", g.trdt);
  number("trdm", g.trdm);
  number("tprt", g.tprt);
  number("tprm", g.tprm);
  number("tbet", g.tbet);
  number("tbem", g.tbem);
  std::printf("  mpos: " NVM_I32_FMT "\n", NVM_I32_TO_STR(g.mpos));
  std::printf("  mccap: " NVM_I32_FMT "\n", NVM_I32_TO_STR(g.mccap));
  number("cpar", g.cpar);
  std::printf("  mts: NOT_IMPLEMENTED\n");
}

void identity_12_pr(const nvm_spec_idfy_s12& s) {
  std::printf("idfy:\n");
  bits8("verid", s.verid);
  std::printf("  vnvmt(%u)\n", unsigned{s.vnvmt});
  std::printf("  cgroups(%u),\n", unsigned{s.cgroups});
  std::printf("  cap(" NVM_I32_FMT "),\n", NVM_I32_TO_STR(s.cap));
  std::printf("  dom(" NVM_I32_FMT "),\n", NVM_I32_TO_STR(s.dom));
  std::printf("spec_identify_cgrps:\n");
  // A device may claim more groups than its identity has room for.
  constexpr unsigned kGroups = sizeof(s.grp) / sizeof(s.grp[0]);
  for (unsigned i = 0; i < s.cgroups && i < kGroups; ++i) group_pr(s.grp[i]);
}

void identity_20_pr(const nvm_spec_idfy_s20& s) {
  std::printf("idfy:\n");
  bits8("verid", s.verid);
  bits8("verid_minor", s.verid_minor);
  std::printf("  mccap: " NVM_I32_FMT "\n", NVM_I32_TO_STR(s.mccap));
  nvm_spec_lbaf_pr(&s.lbaf);
  nvm_spec_lgeo_pr(&s.lgeo);
  nvm_spec_wrt_pr(&s.wrt);
  nvm_spec_perf_pr(&s.perf);
}

void command_fields_pr(const nvm_nvme_cmd& c, const std::uint32_t* dw) {
  std::printf("  opcode: 0x%02x\n", unsigned{c.opcode});
  std::printf("  fuse: 0x%x\n", unsigned{c.fuse});
  std::printf("  rsvd: 0x%x\n", unsigned{c.rsvd});
  std::printf("  psdt: 0x%x\n", unsigned{c.psdt});
  const auto dword = [](const char* name, std::uint32_t value) { std::printf("  %s: 0x%04x\n", name, value); };
  dword("cid", c.cid);
  dword("nsid", c.nsid);
  dword("cdw02", c.cdw02);
  dword("cdw03", c.cdw03);
  const auto pointer = [](const char* name, std::uint64_t value) {
    std::printf("  %s: 0x%08" PRIx64 "\n", name, value);
  };
  pointer("mptr", c.mptr);
  pointer("prp1", c.dptr.prp.prp1);
  pointer("prp2", c.dptr.prp.prp2);
  for (int i = 10; i < 16; ++i) std::printf("  cdw%d: 0x%04x\n", i, dw[i]);
}

}  // namespace

extern "C" {

void nvm_spec_lbaf_pr(const nvm_spec_lbaf* lbaf) {
  if (nothing(lbaf, "lbaf")) return;
  std::printf("lbaf:\n");
  number("pugrp", lbaf->pugrp);
  number("punit", lbaf->punit);
  number("chunk", lbaf->chunk);
  number("sectr", lbaf->sectr);
}

void nvm_spec_lbaz_pr(const nvm_spec_lbaz* lbaz) {
  if (nothing(lbaz, "lbaz")) return;
  std::printf("lbaz:\n");
  number("pugrp", lbaz->pugrp);
  number("punit", lbaz->punit);
  number("chunk", lbaz->chunk);
  number("sectr", lbaz->sectr);
}

void nvm_spec_lbam_pr(const nvm_spec_lbam* lbam) {
  if (nothing(lbam, "lbam")) return;
  std::printf("lbam:\n");
  constexpr int kWidth = 7;
  mask("pugrp:", kWidth, lbam->pugrp);
  mask("punit:", kWidth, lbam->punit);
  mask("chunk:", kWidth, lbam->chunk);
  mask("sectr:", kWidth, lbam->sectr);
}

void nvm_spec_lgeo_pr(const nvm_spec_lgeo* lgeo) {
  if (nothing(lgeo, "lgeo")) return;
  std::printf("lgeo:\n");
  number("npugrp", lgeo->npugrp);
  number("npunit", lgeo->npunit);
  number("nchunk", lgeo->nchunk);
  number("nsectr", lgeo->nsectr);
}

void nvm_spec_wrt_pr(const nvm_spec_wrt* wrt) {
  if (nothing(wrt, "wrt")) return;
  std::printf("wrt:\n");
  number("ws_min", wrt->ws_min);
  number("ws_opt", wrt->ws_opt);
  number("mw_cunits", wrt->mw_cunits);
}

void nvm_spec_perf_pr(const nvm_spec_perf* perf) {
  if (nothing(perf, "perf")) return;
  std::printf("perf:\n");
  number("trdt", perf->trdt);
  number("trdm", perf->trdm);
  number("twrt", perf->twrt);
  number("twrm", perf->twrm);
  number("tcet", perf->tcet);
  number("tcem", perf->tcem);
}

void nvm_spec_idfy_pr(const nvm_spec_idfy* idfy, int /*quirks*/) {
  if (nothing(idfy, "nvm_spec_idfy")) return;
  switch (idfy->s.verid) {
    case NVM_SPEC_VERID_12: identity_12_pr(idfy->s12); break;
    case NVM_SPEC_VERID_20: identity_20_pr(idfy->s20); break;
    default:
      std::printf("nvm_spec_idfy:\n");
      std::printf("  verid: " NVM_I8_FMT ",\n", NVM_I8_TO_STR(idfy->s.verid));
      std::printf("  verid_minor: " NVM_I8_FMT ",\n", NVM_I8_TO_STR(idfy->s.verid_minor));
  }
}

void nvm_spec_rprt_descr_pr(const nvm_spec_rprt_descr* descr) {
  if (nothing(descr, "rprt_descr")) return;
  std::printf("  - { slba: 0x%016" PRIX64 ", cnlb: 0x%04" PRIx64 ", wp: 0x%016" PRIx64
              ", cs: 0x%02X, ct: 0x%02X, wli: 0x%02x }\n",
              descr->addr, descr->naddrs, descr->wp, unsigned{descr->cs}, unsigned{descr->ct}, unsigned{descr->wli});
}

void nvm_spec_rprt_pr(const nvm_spec_rprt* rprt) {
  if (nothing(rprt, "rprt")) return;
  std::printf("rprt:\n  ndescr: %u\n", rprt->ndescr);
  std::printf(rprt->ndescr == 0 ? "rprt_descr: ~\n" : "rprt_descr:\n");
  for (std::uint32_t i = 0; i < rprt->ndescr; ++i) nvm_spec_rprt_descr_pr(&rprt->descr[i]);
}

void nvm_spec_ppaf_nand_pr(const nvm_spec_ppaf_nand* ppaf) {
  if (nothing(ppaf, "ppaf")) return;
  static const char* const kNames[] = {"ch_off",  "ch_len",  "lun_off", "lun_len", "pl_off",  "pl_len",
                                       "blk_off", "blk_len", "pg_off",  "pg_len",  "sec_off", "sec_len"};
  std::printf("ppaf:\n");
  for (std::size_t i = 0; i < std::size(kNames); ++i) std::printf("  %s: %02u\n", kNames[i], unsigned{ppaf->a[i]});
}

void nvm_spec_ppaf_nand_mask_pr(const nvm_spec_ppaf_nand_mask* m) {
  if (nothing(m, "ppaf_mask")) return;
  constexpr int kWidth = 4;
  std::printf("ppaf_mask:\n");
  mask("ch:", kWidth, m->n.ch);
  mask("lun:", kWidth, m->n.lun);
  mask("pl:", kWidth, m->n.pl);
  mask("blk:", kWidth, m->n.blk);
  mask("pg:", kWidth, m->n.pg);
  mask("sec:", kWidth, m->n.sec);
}

void nvm_spec_bbt_pr(const nvm_spec_bbt* bbt) {
  if (nothing(bbt, "bbt")) return;
  std::printf("bbt:\n  tblkid: %.4s\n", reinterpret_cast<const char*>(bbt->tblid));
  number("verid", bbt->verid);
  number("revid", bbt->revid);
  number("rvsd1", bbt->rvsd1);
  number("tblks", bbt->tblks);
  number("tfact", bbt->tfact);
  number("tgrown", bbt->tgrown);
  number("tdresv", bbt->tdresv);
  number("thresv", bbt->thresv);
  std::printf("  rsvd2: ~\nbbt_blks:\n");
  for (std::uint32_t i = 0; i < bbt->tblks; ++i) std::printf("  - 0x%02x\n", unsigned{bbt->blk[i]});
}

void nvm_nvme_cmd_pr(nvm_nvme_cmd* cmd, int flags) {
  constexpr int kDwords = 16;
  if (nothing(cmd, "nvm_nvme_cmd")) return;
  std::uint32_t dw[kDwords];
  std::memcpy(dw, cmd, sizeof(dw));
  std::printf("nvm_nvme_cmd:\n");
  switch (flags) {
    case 0:
      for (const std::uint32_t d : dw) std::printf("  - '" NVM_I32_FMT "'\n", NVM_I32_TO_STR(d));
      break;
    case 1:
      for (const std::uint32_t d : dw) std::printf("  - 0x%04x\n", d);
      break;
    case 2:
      for (int i = 0; i < kDwords; ++i) std::printf("  cdw%d: 0x%04x\n", i, dw[i]);
      break;
    default: command_fields_pr(*cmd, dw);
  }
}

}  // extern "C"
