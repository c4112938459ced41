// Declarations as the algebra has them: each of these must hold, and one of those; the others do not count, and why.

import CancelIcon from "@mui/icons-material/CancelOutlined";
import CheckCircleIcon from "@mui/icons-material/CheckCircleOutlined";
import RemoveCircleIcon from "@mui/icons-material/RemoveCircleOutlineOutlined";
import { Box, Button, Chip, Collapse, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useId, useState } from "react";
import { MONO } from "../theme/theme";
import type { Declaration } from "./api";

/** A word of the server in the reader's language, itself where we have none. */
function useWord() {
  const t = useTranslate();
  return (family: string, word: string) => t(`rg.policy.${family}.${word.replaceAll(" ", "_").replaceAll(".", "")}`, { _: word });
}

function Mark({ declaration }: { declaration: Declaration }) {
  const word = useWord();
  const size = { fontSize: 18, mt: "1px" };
  const effect = declaration.effect;
  if (effect === "stops it") return <CancelIcon color="error" sx={size} titleAccess={word("effect", effect)} />;
  if (effect === "lets it through") return <CheckCircleIcon color="success" sx={size} titleAccess={word("effect", effect)} />;
  if (effect === "does not match") return <RemoveCircleIcon color="disabled" sx={size} titleAccess={word("effect", effect)} />;
  return null;
}

function Row({ declaration, joined }: { declaration: Declaration; joined?: string }) {
  const word = useWord();
  const { says, kind, role, reason, source, counts, why, effect } = declaration;
  return (
    <Box component="li" sx={{ display: "flex", gap: 1.2, py: 1, px: 1.5, borderTop: 1, borderColor: "divider", "&:first-of-type": { borderTop: 0 }, bgcolor: effect === "stops it" ? (theme) => `color-mix(in srgb, ${theme.palette.error.main} 7%, transparent)` : undefined }}>
      {joined !== undefined && (
        <Box component="span" aria-hidden sx={{ width: 26, flexShrink: 0, color: "text.secondary", fontSize: 11, fontWeight: 650, textTransform: "uppercase", pt: 0.3 }}>
          {joined}
        </Box>
      )}
      <Mark declaration={declaration} />
      <Box sx={{ minWidth: 0, flex: 1 }}>
        <Box component="code" sx={{ fontFamily: MONO, fontSize: 13, overflowWrap: "anywhere", color: counts ? "text.primary" : "text.secondary" }}>
          {says || word("kind", kind)}
        </Box>
        {reason && reason !== says && (
          <Typography variant="body2" sx={{ color: "text.secondary" }}>{reason}</Typography>
        )}
        <Stack direction="row" sx={{ gap: 1, mt: 0.3, flexWrap: "wrap", alignItems: "baseline", fontSize: 12, color: "text.secondary" }}>
          <span>{word("kind", kind)}</span>
          {role && <Chip component="span" size="small" label={role} sx={{ height: 18, fontSize: 11.5 }} />}
          {source && <Box component="code" sx={{ fontSize: 12 }}>{source}</Box>}
          {effect && counts && <span>{word("effect", effect)}</span>}
          {!counts && why && <span>{word("why", why)}</span>}
        </Stack>
      </Box>
    </Box>
  );
}

function Block({ title, all, join }: { title: string; all: readonly Declaration[]; join?: string }) {
  const id = useId();
  if (all.length === 0) return null;
  return (
    <Box sx={{ mb: 1.5 }}>
      <Typography variant="h3" component="p" id={id} sx={{ mb: 0.6 }}>{title}</Typography>
      <Box component="ul" aria-labelledby={id} sx={{ listStyle: "none", m: 0, p: 0, border: 1, borderColor: "divider", borderRadius: 2, bgcolor: "background.paper", overflow: "hidden" }}>
        {all.map((each, index) => (
          <Row key={`${each.source ?? ""} ${each.says} ${index}`} declaration={each} joined={join === undefined ? undefined : index === 0 ? "" : join} />
        ))}
      </Box>
    </Box>
  );
}

export function Declarations({ all, subject, noun }: { all: readonly Declaration[]; subject: string; noun: string }) {
  const t = useTranslate();
  const id = useId();
  const [open, setOpen] = useState(false);
  // A permission allows the verb; it says nothing of rows.
  const permissions = all.filter((each) => each.counts && each.kind === "permission");
  const and = all.filter((each) => each.counts && each.kind !== "permission" && each.combine !== "or");
  const or = all.filter((each) => each.counts && each.kind !== "permission" && each.combine === "or");
  const rest = all.filter((each) => !each.counts);
  return (
    <>
      <Block title={t("rg.policy.allowedBy")} all={permissions} />
      <Block title={t(and.length === 1 ? "rg.policy.mustOne" : "rg.policy.must", { noun })} all={and} join={and.length > 1 ? t("rg.policy.and") : undefined} />
      <Block title={t(or.length === 1 ? (and.length > 0 ? "rg.policy.andThis" : "rg.policy.this") : and.length > 0 ? "rg.policy.andAny" : "rg.policy.any", { noun })} all={or} join={or.length > 1 ? t("rg.policy.or") : undefined} />
      {rest.length > 0 && (
        <Box sx={{ mb: 1.5 }}>
          <Button color="inherit" onClick={() => setOpen(!open)} aria-expanded={open} aria-controls={id} sx={{ color: "text.secondary", px: 0.5 }}>
            {t("rg.policy.rest", { smart_count: rest.length, subject })}
          </Button>
          <Collapse in={open} id={id} unmountOnExit>
            <Block title={t("rg.policy.restTitle")} all={rest} />
          </Collapse>
        </Box>
      )}
    </>
  );
}
