// Says on every page whose eyes one looks through, and ends it.

import VisibilityOutlined from "@mui/icons-material/VisibilityOutlined";
import { Box, Button } from "@mui/material";
import { useTranslate } from "ra-core";
import { useApp } from "../app/context";

export function ViewAsBanner() {
  const t = useTranslate();
  const { model, view } = useApp();
  const now = model.view_as;
  if (!now) return null;
  const { roles, claims } = model.principal;
  const facts = [
    roles.join(", ") || t("rg.user.noRoles"),
    ...Object.entries(claims).filter(([name, value]) => name !== "id" && value !== null).map(([name, value]) => `${name} ${String(value)}`),
  ];
  return (
    <Box
      role="status"
      sx={{ display: "flex", alignItems: "center", gap: 1.2, px: { xs: 1.5, md: 3 }, py: 0.6, bgcolor: "#ffc35c", color: "#2b1d00", fontSize: 13.5, flexWrap: "wrap" }}
    >
      <VisibilityOutlined sx={{ fontSize: 18 }} />
      <Box sx={{ flex: 1, minWidth: 180 }}>
        <b>{t("rg.viewAs.banner", { subject: now.subject })}</b>
        <Box component="span" sx={{ ml: 1 }}>{facts.join(" · ")}</Box>
        {now.read_only && <Box component="span" sx={{ ml: 1 }}>· {t("rg.viewAs.readOnly")}</Box>}
      </Box>
      <Button variant="contained" onClick={() => void view(null)} sx={{ bgcolor: "#2b1d00", color: "#fff", "&:hover": { bgcolor: "#46330a" } }}>
        {t("rg.viewAs.stop")}
      </Button>
    </Box>
  );
}
