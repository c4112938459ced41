// The text that ui/admin.yaml gives for a page, folded away until somebody asks. The server has cleaned its HTML.

import { Box, Button, Collapse } from "@mui/material";
import { useStore, useTranslate } from "ra-core";

export function Info({ html, name, open: initially = false }: { html: string | null; name: string; open?: boolean }) {
  const t = useTranslate();
  const [open, setOpen] = useStore(`info.${name}`, initially);
  if (!html) return null;
  return (
    <Box sx={{ mb: 1.5 }}>
      <Button color="inherit" onClick={() => setOpen(!open)} aria-expanded={open} sx={{ color: "text.secondary", px: 0.5 }}>
        {t(open ? "rg.info.hide" : "rg.info.show")}
      </Button>
      <Collapse in={open} unmountOnExit>
        <Box
          sx={{ px: 2, py: 0.5, border: 1, borderColor: "divider", borderRadius: 2, bgcolor: "background.paper", "& img": { maxWidth: "100%" } }}
          dangerouslySetInnerHTML={{ __html: html }}
        />
      </Collapse>
    </Box>
  );
}
