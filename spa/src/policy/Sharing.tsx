// Who has what on this record by relationships: see it, share it, take it back, and why somebody has access.

import DeleteOutlined from "@mui/icons-material/DeleteOutlined";
import { Alert, Box, Button, Chip, IconButton, MenuItem, Stack, Table, TableBody, TableCell, TableHead, TableRow, TextField, Tooltip, Typography } from "@mui/material";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useDataProvider, useTranslate } from "ra-core";
import { useMemo, useState, type FormEvent } from "react";
import { useLocale, useModel } from "../app/context";
import { Busy, Failure } from "../app/states";
import type { Row } from "../data/document";
import { ApiError } from "../data/http";
import { Lookup } from "../inputs/Lookup";
import { fromLocalMoment } from "../inputs/moments";
import { nameOf, titleOf, type Type } from "../meta/model";
import type { SubjectKind } from "../meta/wire";
import { UNSEEN } from "../theme/unseen";
import { explain, readMine, readRelationships, resourcesBySchemaType, share, unshare, written, type Step, type Subject } from "./sharingApi";

/** Names for subjects and resources: by what their rows are called, where they can be seen. */
function useNames(all: readonly Subject[]): (subject: Subject) => string {
  const model = useModel();
  const provider = useDataProvider();
  const byType = useMemo(() => resourcesBySchemaType(model), [model]);
  const wanted = new Map<string, Set<string>>();
  for (const each of all) {
    const resource = byType.get(each.type);
    if (resource && each.id !== "*") wanted.set(resource, (wanted.get(resource) ?? new Set()).add(each.id));
  }
  const asked = [...wanted].map(([resource, ids]) => [resource, [...ids].sort()] as const);
  const { data } = useQuery({
    queryKey: ["names", asked],
    enabled: asked.length > 0,
    placeholderData: (before: Map<string, string> | undefined) => before, // no flicker of bare ids
    queryFn: async () => {
      const found = new Map<string, string>();
      await Promise.all(
        asked.map(async ([resource, ids]) => {
          const type = model.byName.get(resource);
          const { data: rows } = await provider.getMany<Row>(resource, { ids: [...ids] });
          for (const row of rows) found.set(`${resource} ${row.id}`, type ? titleOf(model, type, row) : nameOf(model, resource, row));
        }),
      );
      return found;
    },
  });
  return (subject) => {
    const resource = byType.get(subject.type);
    const name = (resource && data?.get(`${resource} ${subject.id}`)) ?? `${subject.type}:${subject.id}`;
    return subject.relation ? `${name} (${subject.relation})` : name;
  };
}

export function Sharing({ type, row }: { type: Type; row: Row }) {
  const t = useTranslate();
  const locale = useLocale();
  const queries = useQueryClient();
  const [refused, setRefused] = useState<string>();
  const mine = useQuery({ queryKey: [type.name, "permissions", row.id], retry: false, queryFn: ({ signal }) => readMine(type.name, row.id, signal) });
  const { sharing } = type;
  const allowed = (guard: string | null) => guard !== null && mine.data !== undefined && (mine.data.superuser || mine.data.permissions[guard]?.answer === "allowed");
  // Who has what is told only to those who may share something.
  const told = mine.data?.superuser === true || (sharing?.relations.some((each) => allowed(each.guard)) ?? false);
  const all = useQuery({
    queryKey: [type.name, "relationships", row.id],
    retry: false,
    enabled: told,
    queryFn: ({ signal }) => readRelationships(type.name, row.id, signal),
  });
  const name = useNames((all.data ?? []).map((each) => each.subject));
  if (!sharing) return null;
  if (mine.error ?? all.error) return <Box sx={{ px: 2 }}><Failure error={mine.error ?? all.error} /></Box>;
  if (!mine.data || (told && !all.data)) return <Busy />;
  const shown = all.data ?? [];
  const { superuser, permissions } = mine.data;

  const stated = new Set(shown.filter((each) => each.stated_by_columns).map((each) => each.relation));
  // What a column states is changed in the record, not here.
  const sharable = sharing.relations.filter((each) => allowed(each.guard) && !stated.has(each.name));
  const mayTakeBack = new Set(sharable.map((each) => each.name));

  async function change(act: () => Promise<void>): Promise<boolean> {
    setRefused(undefined);
    try {
      await act();
    } catch (caught) {
      if (!(caught instanceof ApiError)) throw caught;
      setRefused(caught.message);
      return false;
    }
    await queries.invalidateQueries();
    return true;
  }

  return (
    <Box sx={{ p: 2, display: "grid", gap: 3 }}>
      {refused && <Alert severity="error">{refused}</Alert>}
      <Stack direction="row" sx={{ gap: 0.75, alignItems: "center", flexWrap: "wrap" }}>
        <Typography sx={{ color: "text.secondary", mr: 0.5 }}>{t("rg.sharing.yours")}</Typography>
        {Object.entries(permissions).map(([permission, { answer }]) => {
          const granted = superuser || answer === "allowed";
          return <Chip key={permission} size="small" variant={granted ? "filled" : "outlined"} color={granted ? "primary" : "default"} label={granted ? permission : `${permission}: ${t("rg.value.no")}`} />;
        })}
      </Stack>
      {shown.length === 0 ? (
        <Typography sx={{ color: "text.secondary" }}>{t(told ? "rg.sharing.empty" : "rg.sharing.notTold")}</Typography>
      ) : (
        <Box sx={{ overflowX: "auto" }} tabIndex={0} role="region" aria-label={t("rg.sharing.tab")}>
          <Table size="small">
            <TableHead>
              <TableRow>
                <TableCell>{t("rg.sharing.subject")}</TableCell>
                <TableCell>{t("rg.sharing.relation")}</TableCell>
                <TableCell>{t("rg.sharing.source")}</TableCell>
                <TableCell>{t("rg.sharing.expires")}</TableCell>
                <TableCell padding="checkbox"><span style={UNSEEN}>{t("rg.sharing.remove")}</span></TableCell>
              </TableRow>
            </TableHead>
            <TableBody>
              {shown.map((each) => (
                <TableRow key={`${each.relation} ${written(each.subject)}`}>
                  <TableCell><b>{name(each.subject)}</b></TableCell>
                  <TableCell>
                    {each.relation}
                    {each.caveat && <Chip size="small" label={each.caveat} sx={{ ml: 1 }} />}
                  </TableCell>
                  <TableCell sx={{ color: "text.secondary" }}>{t(each.stated_by_columns ? "rg.sharing.fromColumn" : "rg.sharing.shared")}</TableCell>
                  <TableCell>{each.expires_at ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(each.expires_at)) : ""}</TableCell>
                  <TableCell padding="checkbox">
                    {!each.stated_by_columns && mayTakeBack.has(each.relation) && (
                      <Tooltip title={t("rg.sharing.remove")}>
                        <IconButton
                          aria-label={t("rg.sharing.removeFrom", { subject: name(each.subject), relation: each.relation })}
                          onClick={() => void change(() => unshare(type.name, row.id, { relation: each.relation, subject: bare(each.subject) }))}
                        >
                          <DeleteOutlined fontSize="small" />
                        </IconButton>
                      </Tooltip>
                    )}
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Box>
      )}
      {sharable.length > 0 && (
        <Share relations={sharable} onShare={(given) => change(() => share(type.name, row.id, given))} />
      )}
      {told ? <Why type={type} row={row} /> : <Mine type={type} row={row} permissions={permissions} />}
    </Box>
  );
}

function bare({ type, id, relation }: Subject): Subject {
  return relation ? { type, id, relation } : { type, id };
}

const kindKey = (kind: SubjectKind) => `${kind.type}#${kind.relation ?? ""}`;

/** The kinds a relation takes, each once, the most usual first; with an expiry where one of its forms has it. */
function kindsOf(subjects: readonly SubjectKind[]): SubjectKind[] {
  const found = new Map<string, SubjectKind>();
  const times = (kind: SubjectKind) => subjects.filter((each) => kindKey(each) === kindKey(kind)).length;
  for (const each of subjects) {
    if (each.wildcard || each.caveat) continue;
    const before = found.get(kindKey(each));
    found.set(kindKey(each), { ...each, expires: each.expires || Boolean(before?.expires) });
  }
  return [...found.values()].sort((a, b) => times(b) - times(a));
}

/** Chooses a subject: its kind, and then the row or, where there are no rows to choose from, the id. */
function SubjectPicker({ kinds, value, onChange }: { kinds: readonly SubjectKind[]; value: Subject | undefined; onChange: (subject: Subject | undefined) => void }) {
  const t = useTranslate();
  const model = useModel();
  const [chosen, setChosen] = useState(kinds[0] ? kindKey(kinds[0]) : "");
  const kind = kinds.find((each) => kindKey(each) === chosen) ?? kinds[0];
  const target = kind?.resource ? model.byName.get(kind.resource) : undefined;
  const label = (each: SubjectKind) => {
    const of = each.resource ? model.byName.get(each.resource)?.label : undefined;
    return each.relation ? `${of ?? each.type} (${each.relation})` : (of ?? each.type);
  };
  if (!kind) return null;
  const take = (id: string | null) => onChange(id ? bare({ type: kind.type, id, relation: kind.relation }) : undefined);
  return (
    <>
      {kinds.length > 1 && (
        <TextField
          select
          label={t("rg.sharing.kind")}
          value={kindKey(kind)}
          sx={{ minWidth: 160 }}
          onChange={(event) => {
            setChosen(event.target.value);
            onChange(undefined);
          }}
        >
          {kinds.map((each) => (
            <MenuItem key={kindKey(each)} value={kindKey(each)}>{label(each)}</MenuItem>
          ))}
        </TextField>
      )}
      <Box sx={{ minWidth: 220 }}>
        {target?.can.read && target.key.length === 1 ? (
          <Lookup key={kindKey(kind)} type={target} label={label(kind)} value={value?.id ?? null} onChange={take} />
        ) : (
          <TextField label={label(kind)} value={value?.id ?? ""} onChange={(event) => take(event.target.value.trim() || null)} fullWidth />
        )}
      </Box>
    </>
  );
}

type Relations = NonNullable<Type["sharing"]>["relations"];

function Share({ relations, onShare }: { relations: Relations; onShare: (given: { relation: string; subject: Subject; expires_at?: string }) => Promise<boolean> }) {
  const t = useTranslate();
  const [relation, setRelation] = useState(relations[0]?.name ?? "");
  const [subject, setSubject] = useState<Subject>();
  const [until, setUntil] = useState("");
  const [turn, setTurn] = useState(0);
  const kinds = kindsOf(relations.find((each) => each.name === relation)?.subjects ?? []);
  const kind = kinds.find((each) => each.type === subject?.type && (each.relation ?? undefined) === (subject.relation ?? undefined));

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!subject) return;
    const moment = until ? fromLocalMoment(until) : null;
    if (await onShare({ relation, subject, ...(moment ? { expires_at: `${moment}Z` } : {}) })) {
      setSubject(undefined);
      setUntil("");
      setTurn(turn + 1);
    }
  }

  return (
    <Box component="section" aria-label={t("rg.sharing.share")}>
      <Typography variant="h2" sx={{ mb: 1.2 }}>{t("rg.sharing.share")}</Typography>
      <Stack component="form" direction={{ xs: "column", sm: "row" }} sx={{ gap: 1, alignItems: { sm: "start" }, flexWrap: "wrap" }} onSubmit={(event) => void submit(event)}>
        <SubjectPicker key={`${relation} ${turn}`} kinds={kinds} value={subject} onChange={setSubject} />
        {relations.length > 1 && (
          <TextField select label={t("rg.sharing.relation")} value={relation} onChange={(event) => { setRelation(event.target.value); setSubject(undefined); }} sx={{ minWidth: 140 }}>
            {relations.map((each) => (
              <MenuItem key={each.name} value={each.name}>{each.name}</MenuItem>
            ))}
          </TextField>
        )}
        {kind?.expires && (
          <TextField label={t("rg.sharing.until")} type="datetime-local" value={until} onChange={(event) => setUntil(event.target.value)} slotProps={{ inputLabel: { shrink: true } }} />
        )}
        <Button type="submit" variant="contained" disabled={!subject} sx={{ mt: { sm: 0.5 } }}>{t("rg.sharing.share")}</Button>
      </Stack>
    </Box>
  );
}

function Steps({ title, steps }: { title: string; steps: readonly Step[] }) {
  const name = useNames(steps.flatMap((each) => [each.resource, each.subject]));
  if (steps.length === 0) return null;
  return (
    <Box sx={{ mt: 1 }}>
      <Typography variant="h3" component="p">{title}</Typography>
      <Box component="ul" sx={{ m: 0, pl: 2.2 }}>
        {steps.map((each, index) => (
          <li key={index}>
            <b>{name(each.subject)}</b> {"→"} {each.relation} {"→"} <b>{name(each.resource)}</b>
          </li>
        ))}
      </Box>
    </Box>
  );
}

/** For those who may not share: why they have what they have. */
function Mine({ type, row, permissions }: { type: Type; row: Row; permissions: Readonly<Record<string, { answer: string }>> }) {
  const t = useTranslate();
  const granted = Object.keys(permissions).filter((each) => permissions[each]?.answer === "allowed");
  const { data } = useQuery({
    queryKey: [type.name, "why", row.id, granted],
    enabled: granted.length > 0,
    retry: false,
    queryFn: ({ signal }) => Promise.all(granted.map((each) => explain(type.name, row.id, each, undefined, signal))),
  });
  return (
    <>
      {data?.map((each) => (
        <Alert key={each.permission} severity="success">
          <Steps title={`${each.permission}: ${t("rg.sharing.path")}`} steps={each.path} />
        </Alert>
      ))}
    </>
  );
}

function Why({ type, row }: { type: Type; row: Row }) {
  const t = useTranslate();
  const model = useModel();
  const permissions = type.sharing?.permissions ?? [];
  const kinds = useMemo(() => kindsOf((type.sharing?.relations ?? []).flatMap((each) => each.subjects)).filter((each) => !each.relation && each.type !== type.sharing?.type), [type]);
  const [permission, setPermission] = useState(permissions[0] ?? "");
  const [subject, setSubject] = useState<Subject>();
  const why = useQuery({
    queryKey: [type.name, "why", row.id, permission, subject && written(subject)],
    enabled: subject !== undefined,
    retry: false,
    queryFn: ({ signal }) => explain(type.name, row.id, permission, written(subject as Subject), signal),
  });
  const name = useNames(subject ? [subject] : []);
  const found = why.data;
  const words = found && subject ? { who: name(subject), permission: found.permission, what: titleOf(model, type, row) } : undefined;
  return (
    <Box component="section" aria-label={t("rg.sharing.whyTitle")}>
      <Typography variant="h2" sx={{ mb: 1.2 }}>{t("rg.sharing.whyTitle")}</Typography>
      <Stack direction={{ xs: "column", sm: "row" }} sx={{ gap: 1, flexWrap: "wrap" }}>
        <SubjectPicker kinds={kinds} value={subject} onChange={setSubject} />
        <TextField select label={t("rg.sharing.permission")} value={permission} onChange={(event) => setPermission(event.target.value)} sx={{ minWidth: 130 }}>
          {permissions.map((each) => (
            <MenuItem key={each} value={each}>{each}</MenuItem>
          ))}
        </TextField>
      </Stack>
      {why.error && <Failure error={why.error} />}
      {found && words && (
        <Alert severity={found.answer === "allowed" ? "success" : "warning"} sx={{ mt: 1.5 }}>
          {t(found.answer === "allowed" ? "rg.sharing.allowed" : "rg.sharing.denied", words)}
          {found.answer === "conditional" && <div>{t("rg.sharing.conditional", { missing: found.missing.join(", ") })}</div>}
          <Steps title={t("rg.sharing.path")} steps={found.path} />
          <Steps title={t("rg.sharing.excluded")} steps={found.excluded_by} />
          <Steps title={t("rg.sharing.wouldHelp")} steps={found.would_help} />
        </Alert>
      )}
    </Box>
  );
}
