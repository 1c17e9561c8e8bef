// SPDX-License-Identifier: BSD-2-Clause
// The printers of what devices say: nvm_spec_*_pr and nvm_nvme_cmd_pr.
#include "capi/print.hpp"
#include "lightnvm/format.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

// `name` with its colon, filled up to `width`.
void mask(const char* name, int width, std::uint64_t value) {
  std::printf("  %-*s '" NVM_I64_FMT "'\n", width, name, NVM_I64_TO_STR(value));
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
  numbers("lbaf", {{"pugrp", lbaf->pugrp}, {"punit", lbaf->punit}, {"chunk", lbaf->chunk}, {"sectr", lbaf->sectr}});
}

void nvm_spec_lbaz_pr(const nvm_spec_lbaz* lbaz) {
  if (nothing(lbaz, "lbaz")) return;
  numbers("lbaz", {{"pugrp", lbaz->pugrp}, {"punit", lbaz->punit}, {"chunk", lbaz->chunk}, {"sectr", lbaz->sectr}});
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
  numbers("lgeo",
          {{"npugrp", lgeo->npugrp}, {"npunit", lgeo->npunit}, {"nchunk", lgeo->nchunk}, {"nsectr", lgeo->nsectr}});
}

void nvm_spec_wrt_pr(const nvm_spec_wrt* wrt) {
  if (nothing(wrt, "wrt")) return;
  numbers("wrt", {{"ws_min", wrt->ws_min}, {"ws_opt", wrt->ws_opt}, {"mw_cunits", wrt->mw_cunits}});
}

void nvm_spec_perf_pr(const nvm_spec_perf* perf) {
  if (nothing(perf, "perf")) return;
  numbers("perf", {{"trdt", perf->trdt},
                   {"trdm", perf->trdm},
                   {"twrt", perf->twrt},
                   {"twrm", perf->twrm},
                   {"tcet", perf->tcet},
                   {"tcem", perf->tcem}});
}

void nvm_spec_idfy_pr(const nvm_spec_idfy* idfy, int /*quirks*/) {
  if (nothing(idfy, "nvm_spec_idfy")) return;
  put([&] { return format::identity(std::as_bytes(std::span(idfy, 1))); });
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
  const auto field = [&](std::size_t i) { return PpaField{ppaf->a[2 * i], ppaf->a[2 * i + 1]}; };
  put([&] { return format::ppa_format({field(0), field(1), field(2), field(3), field(4), field(5)}); });
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
  numbers({{"verid", bbt->verid},
           {"revid", bbt->revid},
           {"rvsd1", bbt->rvsd1},
           {"tblks", bbt->tblks},
           {"tfact", bbt->tfact},
           {"tgrown", bbt->tgrown},
           {"tdresv", bbt->tdresv},
           {"thresv", bbt->thresv}});
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
