// The answer of the inspector: about a type (which declarations, which SQL, how many rows) and about one row of it.

import BlockOutlined from "@mui/icons-material/BlockOutlined";
import CheckCircleOutlined from "@mui/icons-material/CheckCircleOutlined";
import FilterAltOutlined from "@mui/icons-material/FilterAltOutlined";
import VisibilityOffOutlined from "@mui/icons-material/VisibilityOffOutlined";
import { Box, Stack, Typography } from "@mui/material";
import { useQuery } from "@tanstack/react-query";
import { useTranslate } from "ra-core";
import type { ReactNode } from "react";
import { useLocale, useModel } from "../app/context";
import { Busy, Failure } from "../app/states";
import { readPolicy, readTrace, type Access, type Policy, type Trace } from "./api";
import { Declarations } from "./Declarations";
import { Sql } from "./Sql";

export interface Asked {
  resource: string;
  as?: string;
  access?: Access;
  id?: string;
}

function Verdict({ tone, icon, title, children }: { tone: "success" | "error" | "warning" | "info"; icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <Box
      role="status"
      sx={{
        display: "flex", gap: 1.5, px: 2, py: 1.5, mb: 2, borderRadius: 2, border: 1,
        borderColor: (theme) => `color-mix(in srgb, ${theme.palette[tone].main} 40%, transparent)`,
        bgcolor: (theme) => `color-mix(in srgb, ${theme.palette[tone].main} 8%, ${theme.palette.background.paper})`,
      }}
    >
      <Box sx={{ color: `${tone}.main`, display: "flex", pt: 0.2 }}>{icon}</Box>
      <Box sx={{ minWidth: 0, flex: 1 }}>
        <Typography sx={{ fontWeight: 650, fontSize: 15 }}>{title}</Typography>
        {children}
      </Box>
    </Box>
  );
}

/** The share of all rows that is seen, as a bar; its numbers stand beside it in words. */
function Share({ seen, all }: { seen: number; all: number }) {
  return (
    <Box aria-hidden sx={{ height: 6, borderRadius: 3, bgcolor: "divider", mt: 1, overflow: "hidden", maxWidth: 420 }}>
      <Box sx={{ height: "100%", width: `${all === 0 ? 0 : Math.max(1, (100 * seen) / all)}%`, bgcolor: "primary.main" }} />
    </Box>
  );
}

function useNumber() {
  const locale = useLocale();
  return (value: number) => new Intl.NumberFormat(locale).format(value);
}

function AboutType({ policy }: { policy: Policy }) {
  const t = useTranslate();
  const n = useNumber();
  const model = useModel();
  const who = policy.principal.id;
  const label = model.byName.get(policy.resource)?.plural ?? policy.resource;
  const verb = t(`rg.policy.verb.${policy.access}`);
  const counted = policy.declarations.filter((each) => each.counts).length;
  const { with: seen, without: all } = policy.rows ?? { with: null, without: null };
  return (
    <>
      {policy.refused ? (
        <Verdict tone="error" icon={<BlockOutlined />} title={t("rg.policy.refused", { who, verb, label })}>
          <Typography variant="body2">{t("rg.policy.refusedHint")}</Typography>
        </Verdict>
      ) : policy.by === "superuser" ? (
        <Verdict tone="warning" icon={<CheckCircleOutlined />} title={t("rg.policy.superuser", { who, label })}>
          <Typography variant="body2">{t("rg.policy.superuserHint")}</Typography>
        </Verdict>
      ) : (
        <Verdict
          tone="info"
          icon={<FilterAltOutlined />}
          title={
            seen === null || seen === undefined
              ? t("rg.policy.narrowed", { who, verb, label })
              : all === null || all === undefined
                ? t("rg.policy.rows", { who, verb, label, seen: n(seen), smart_count: seen })
                : t("rg.policy.rowsOf", { who, verb, label, seen: n(seen), all: n(all) })
          }
        >
          <Typography variant="body2" sx={{ color: "text.secondary" }}>
            {t(`rg.policy.by.${policy.by}`, { smart_count: counted })}
          </Typography>
          {typeof seen === "number" && typeof all === "number" && <Share seen={seen} all={all} />}
        </Verdict>
      )}
      {policy.by !== "superuser" && <Declarations all={policy.declarations} subject={who} noun={label} />}
      {policy.sql && (
        <>
          <Typography variant="h3" component="p" sx={{ mb: 0.6 }}>{t("rg.policy.sql")}</Typography>
          <Sql text={policy.sql} label={t("rg.policy.sql")} />
        </>
      )}
    </>
  );
}

function AboutRow({ trace }: { trace: Trace }) {
  const t = useTranslate();
  const who = trace.principal.id;
  const what = `${trace.resource} ${trace.id}`;
  const reading = trace.access === "READ";
  const title = !trace.exists
    ? t("rg.policy.noRow", { what })
    : reading
      ? t(trace.allowed ? "rg.policy.sees" : "rg.policy.doesNotSee", { who, what })
      : t(trace.allowed ? "rg.policy.may" : "rg.policy.mayNot", { who, what, verb: t(`rg.policy.verb.${trace.access}`) });
  const stops = trace.parts.flatMap((part) => part.declarations).filter((each) => each.effect === "stops it");
  const above = trace.parts.some((part) => part.by === "superuser");
  const passes = trace.parts.flatMap((part) => part.declarations).filter((each) => each.effect === "lets it through");
  return (
    <>
      <Verdict
        tone={!trace.exists ? "warning" : trace.allowed ? "success" : "error"}
        icon={trace.allowed ? <CheckCircleOutlined /> : <VisibilityOffOutlined />}
        title={title}
      >
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {!trace.exists
            ? t("rg.policy.noRowHint")
            : above
              ? t("rg.policy.superuserHint")
            : stops.length > 0
              ? t("rg.policy.stoppedBy", { smart_count: stops.length })
              : trace.allowed
                ? t("rg.policy.letBy", { smart_count: passes.length })
                : t("rg.policy.nothingGives")}
        </Typography>
      </Verdict>
      {trace.parts.map((part) => (
        <Box key={part.access} sx={{ mb: 2 }}>
          {trace.parts.length > 1 && <Typography variant="h2" sx={{ mb: 1 }}>{t("rg.policy.toVerb", { verb: t(`rg.policy.verb.${part.access}`) })}</Typography>}
          {part.by !== "superuser" && <Declarations all={part.declarations} subject={who} noun={what} />}
        </Box>
      ))}
    </>
  );
}

/** Asks about one row where there is an id, about the type besides. */
export function Answer({ asked, both = true }: { asked: Asked; both?: boolean }) {
  const t = useTranslate();
  const { resource, as, access, id } = asked;
  const trace = useQuery({
    queryKey: ["policy", "row", resource, id, as, access],
    enabled: Boolean(id),
    retry: false,
    queryFn: ({ signal }) => readTrace({ resource, id: id as string, as, access }, signal),
  });
  const policy = useQuery({
    queryKey: ["policy", resource, as, access],
    retry: false,
    enabled: both || !id,
    queryFn: ({ signal }) => readPolicy({ resource, as, access }, signal),
  });
  return (
    <Stack>
      {id && (trace.error ? <Failure error={trace.error} /> : trace.data ? <AboutRow trace={trace.data} /> : <Busy />)}
      {id && both && <Typography variant="h2" sx={{ mt: 1, mb: 1 }}>{t("rg.policy.allOf", { label: resource })}</Typography>}
      {(both || !id) && (policy.error ? <Failure error={policy.error} /> : policy.data ? <AboutType policy={policy.data} /> : <Busy />)}
    </Stack>
  );
}
