// "Why do I see this?": the inspector's answer about what is on the page, in a panel beside it.

import CloseIcon from "@mui/icons-material/Close";
import { Box, Button, Drawer, IconButton, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "react-router-dom";
import { useModel, type Question } from "../app/context";
import { routes } from "../app/routes";
import { Answer } from "./Answer";

export function WhyPanel({ question, onClose }: { question: Question | undefined; onClose: () => void }) {
  const t = useTranslate();
  const model = useModel();
  // Kept while the panel slides out.
  const [shown, setShown] = useState(question);
  useEffect(() => {
    if (question) setShown(question);
  }, [question]);
  const { pathname } = useLocation();
  const at = useRef(pathname);
  useEffect(() => {
    // The answer is about the page it was asked on.
    if (at.current !== pathname) onClose();
    at.current = pathname;
  }, [pathname, onClose]);
  const label = shown ? (model.byName.get(shown.resource)?.plural ?? shown.resource) : "";
  return (
    <Drawer
      anchor="right"
      open={question !== undefined}
      onClose={onClose}
      slotProps={{ paper: { role: "dialog", "aria-labelledby": "why-title", sx: { width: { xs: "100%", sm: 560 }, p: 2.5, bgcolor: "background.default" } } as object }}
    >
      <Stack direction="row" sx={{ alignItems: "center", mb: 2, gap: 1 }}>
        <Typography variant="h1" component="h2" id="why-title" sx={{ flex: 1, fontSize: 19 }}>
          {t(shown?.id ? "rg.why.record" : "rg.why.list")}
          <Box component="span" sx={{ display: "block", fontSize: 13, fontWeight: 400, color: "text.secondary", letterSpacing: 0 }}>
            {label}
            {shown?.id && ` · ${shown.id}`}
          </Box>
        </Typography>
        <IconButton onClick={onClose} aria-label={t("rg.action.close")}>
          <CloseIcon />
        </IconButton>
      </Stack>
      {shown && question && <Answer asked={{ resource: shown.resource, id: shown.id }} />}
      {shown && (
        <Button
          sx={{ mt: 2, alignSelf: "start" }}
          component={Link}
          to={routes.policy({ resource: shown.resource, id: shown.id })}
          onClick={onClose}
        >
          {t("rg.why.openInspector")}
        </Button>
      )}
    </Drawer>
  );
}
