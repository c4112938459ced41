// A statement, laid out by its clauses and coloured a little; the values are in it, as the database got them.

import ContentCopyOutlined from "@mui/icons-material/ContentCopyOutlined";
import { Box, Button, IconButton, Tooltip } from "@mui/material";
import { useNotify, useTranslate } from "ra-core";
import { Fragment, useState, type ReactNode } from "react";
import { MONO } from "../theme/theme";

const PIECE = /('(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_]\w*|\d+(?:\.\d+)?|\s+|.)/gs;
const WORDS = new Set(
  "SELECT FROM WHERE AND OR NOT IN IS NULL AS JOIN LEFT OUTER INNER ON ORDER GROUP BY HAVING LIMIT OFFSET ASC DESC UPDATE SET INSERT INTO VALUES DELETE WITH RECURSIVE UNION ALL EXISTS CASE WHEN THEN ELSE END BETWEEN LIKE ESCAPE CAST COUNT DISTINCT RETURNING TRUE FALSE FOR LATERAL OVER PARTITION".split(" "),
);
/** Words that begin a line, with the depth of brackets around them. */
const BREAKS = new Set(["FROM", "WHERE", "ORDER", "GROUP", "HAVING", "LIMIT", "JOIN", "LEFT", "UNION", "SET", "VALUES", "RETURNING"]);

function colour(piece: string): string | undefined {
  if (piece.startsWith("'") || /^\d/.test(piece)) return "warning.main";
  if (WORDS.has(piece.toUpperCase()) && !piece.startsWith('"')) return "primary.main";
  return undefined;
}

export function layOut(sql: string): string {
  let depth = 0;
  let made = "";
  let previous = "";
  const single = sql.replace(/\s+/g, " ").trim();
  for (const piece of single.match(PIECE) ?? []) {
    if (piece === ")") depth -= 1;
    const word = piece.toUpperCase();
    const joins = word === "AND" || word === "OR";
    const breaks = joins || (BREAKS.has(word) && !(word === "JOIN" && /^(LEFT|OUTER|INNER)$/.test(previous)));
    if (breaks && made.trim()) made = `${made.trimEnd()}\n${"  ".repeat(depth + (joins ? 1 : 0))}`;
    made += piece;
    if (piece === "(") depth += 1;
    if (piece.trim()) previous = word;
  }
  return made;
}

/** A long list of columns says nothing about who sees which rows. */
const COLUMNS = /^SELECT [^()]{80,}? FROM /;

export function brief(sql: string): string {
  return sql.replace(/\s+/g, " ").trim().replace(COLUMNS, "SELECT … FROM ");
}

export function Sql({ text, label }: { text: string; label: string }) {
  const t = useTranslate();
  const notify = useNotify();
  const [whole, setWhole] = useState(false);
  const short = brief(text);
  const laid = layOut(whole ? text : short);
  const pieces: ReactNode[] = (laid.match(PIECE) ?? []).map((piece, index) => {
    const tone = colour(piece);
    return tone ? <Box key={index} component="span" sx={{ color: tone }}>{piece}</Box> : <Fragment key={index}>{piece}</Fragment>;
  });
  return (
    <Box sx={{ position: "relative", border: 1, borderColor: "divider", borderRadius: 2, bgcolor: "background.paper" }}>
      <Box component="pre" tabIndex={0} aria-label={label} sx={{ m: 0, p: 1.5, pr: 5, overflow: "auto", maxHeight: 460, fontFamily: MONO, fontSize: 12.5, lineHeight: 1.55, whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {pieces}
      </Box>
      {short !== text.replace(/\s+/g, " ").trim() && (
        <Button color="inherit" onClick={() => setWhole(!whole)} aria-expanded={whole} sx={{ color: "text.secondary", ml: 1, mb: 0.5 }}>
          {t(whole ? "rg.policy.fewerColumns" : "rg.policy.columns")}
        </Button>
      )}
      <Tooltip title={t("rg.policy.copy")}>
        <IconButton
          aria-label={t("rg.policy.copy")}
          sx={{ position: "absolute", top: 6, right: 6 }}
          onClick={() => void navigator.clipboard.writeText(text).then(() => notify("rg.policy.copied", { type: "info" }))}
        >
          <ContentCopyOutlined sx={{ fontSize: 16 }} />
        </IconButton>
      </Tooltip>
    </Box>
  );
}
