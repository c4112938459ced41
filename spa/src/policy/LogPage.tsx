// The filter log, live: each statement that was sent for this log-in, with what was declared about it.

import ExpandMoreIcon from "@mui/icons-material/ExpandMore";
import PauseIcon from "@mui/icons-material/Pause";
import PlayArrowIcon from "@mui/icons-material/PlayArrow";
import { Box, Button, ButtonBase, Card, Chip, Collapse, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router-dom";
import { useLocale, useModel } from "../app/context";
import { Page } from "../app/Page";
import { routes } from "../app/routes";
import { Busy, Empty, Failure } from "../app/states";
import { readLog, type Entry } from "./api";
import { Declarations } from "./Declarations";
import { Sql } from "./Sql";

const EVERY = 2_000;
const KEEP = 200;

function useLog(live: boolean) {
  const [entries, setEntries] = useState<Entry[]>();
  const [error, setError] = useState<unknown>();
  const cursor = useRef<string>(undefined);

  useEffect(() => {
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function read() {
      try {
        if (!document.hidden) {
          const found = await readLog(cursor.current, control.signal);
          cursor.current = found.cursor;
          setEntries((before = []) => {
            const known = new Set(before.map((each) => each.id));
            return [...found.entries.filter((each) => !known.has(each.id)).reverse(), ...before].slice(0, KEEP);
          });
          setError(undefined);
        }
      } catch (caught) {
        if (control.signal.aborted) return;
        setError(caught);
      }
      if (live && !control.signal.aborted) timer = setTimeout(() => void read(), EVERY);
    }
    if (live) void read();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [live]);

  return { entries, error, clear: () => setEntries([]) };
}

const FEW = 4;

function few(names: readonly string[]): string {
  const all = [...new Set(names)];
  return all.length > FEW ? `${all.slice(0, FEW).join(", ")} +${all.length - FEW}` : all.join(", ");
}

function Line({ entry }: { entry: Entry }) {
  const t = useTranslate();
  const locale = useLocale();
  const model = useModel();
  const [open, setOpen] = useState(false);
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(new Date(entry.time));
  const rows = entry.refused ? t("rg.log.refused") : t("rg.log.rows", { smart_count: entry.rows });
  return (
    <Box component="li" sx={{ borderTop: 1, borderColor: "divider", "&:first-of-type": { borderTop: 0 } }}>
      <ButtonBase
        onClick={() => setOpen(!open)}
        aria-expanded={open}
        sx={{ width: "100%", textAlign: "left", px: 2, py: 0.9, display: "grid", gap: { xs: 0.5, md: 2 }, alignItems: "center", gridTemplateColumns: { xs: "1fr auto", md: "82px 130px minmax(0, 1fr) 110px 80px 24px" }, fontSize: 13, fontFamily: "inherit", "&:hover": { bgcolor: "action.hover" } }}
      >
        <Box component="span" sx={{ color: "text.secondary", fontVariantNumeric: "tabular-nums" }}>{time}</Box>
        <Box component="span" sx={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>
          <b>{entry.principal}</b>
          {entry.actor && <Box component="span" sx={{ color: "text.secondary" }}> ({entry.actor})</Box>}
        </Box>
        <Box component="span" sx={{ minWidth: 0 }}>
          <Chip component="span" size="small" variant="outlined" color={entry.refused ? "error" : "default"} label={entry.access} sx={{ mr: 1, height: 20, fontSize: 11 }} />
          {few(entry.decisions.map((each) => each.entity)) || entry.entity}
        </Box>
        <Box component="span" sx={{ textAlign: { md: "right" }, color: entry.refused ? "error.main" : undefined, fontVariantNumeric: "tabular-nums" }}>{rows}</Box>
        <Box component="span" sx={{ textAlign: "right", color: "text.secondary", fontVariantNumeric: "tabular-nums", display: { xs: "none", md: "block" } }}>
          {new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(entry.milliseconds)} ms
        </Box>
        <ExpandMoreIcon fontSize="small" sx={{ transform: open ? "rotate(180deg)" : undefined, color: "text.secondary", display: { xs: "none", md: "block" } }} />
      </ButtonBase>
      <Collapse in={open} unmountOnExit>
        <Box sx={{ px: 2, pb: 2, pt: 1, bgcolor: "background.default" }}>
          {entry.refused && <Typography color="error" sx={{ mb: 1 }}>{entry.refused}</Typography>}
          {entry.decisions.map((each, index) => (
            <Box key={index} sx={{ mb: 1 }}>
              <Stack direction="row" sx={{ alignItems: "center", gap: 1, mb: 0.5 }}>
                <Typography variant="h2" sx={{ flex: 1 }}>{each.access} {each.entity}</Typography>
                {model.byName.has(each.entity) && (
                  <Button component={Link} to={routes.policy({ resource: each.entity, access: each.access, as: model.may.inspect && entry.principal !== model.principal.id ? entry.principal : undefined })}>
                    {t("rg.log.inspect")}
                  </Button>
                )}
              </Stack>
              <Declarations all={each.declarations} subject={entry.principal} noun={each.entity} />
            </Box>
          ))}
          {entry.sql && <Sql text={entry.sql} label={t("rg.policy.sql")} />}
          {entry.request_id && (
            <Typography variant="body2" sx={{ color: "text.secondary", mt: 1 }}>
              {t("rg.log.request")} <code>{entry.request_id}</code>
            </Typography>
          )}
        </Box>
      </Collapse>
    </Box>
  );
}

export default function LogPage() {
  const t = useTranslate();
  const { may } = useModel();
  const [live, setLive] = useState(true);
  const { entries, error, clear } = useLog(live && may.why);
  if (!may.why) return <Empty title={t("rg.policy.notForYou")} hint={t("rg.policy.notForYouHint")} />;
  return (
    <Page
      title={t("rg.menu.log")}
      aside={t(live ? "rg.log.live" : "rg.log.paused")}
      actions={
        <>
          <Button color="inherit" startIcon={live ? <PauseIcon /> : <PlayArrowIcon />} onClick={() => setLive(!live)}>
            {t(live ? "rg.log.pause" : "rg.log.resume")}
          </Button>
          <Button color="inherit" onClick={clear}>{t("rg.log.clear")}</Button>
        </>
      }
    >
      {error !== undefined && <Failure error={error} />}
      <Card>
        {!entries ? (
          <Busy />
        ) : entries.length === 0 ? (
          <Empty title={t("rg.log.empty")} hint={t("rg.log.emptyHint")} />
        ) : (
          <Box component="ul" aria-label={t("rg.menu.log")} sx={{ listStyle: "none", m: 0, p: 0 }}>
            {entries.map((each) => (
              <Line key={each.id} entry={each} />
            ))}
          </Box>
        )}
      </Card>
    </Page>
  );
}
