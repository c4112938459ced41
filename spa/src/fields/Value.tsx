// One value on a page: a parent by its name and with a link, a number to the right, a truth as a sign with words.

import CheckIcon from "@mui/icons-material/Check";
import RemoveIcon from "@mui/icons-material/Remove";
import { Box, Chip, Link as MuiLink, Tooltip, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { Link } from "react-router-dom";
import { useLocale, useModel } from "../app/context";
import { routes } from "../app/routes";
import type { Row } from "../data/document";
import { nameOf, type Attribute } from "../meta/model";
import { formatted, NOTHING } from "./format";

function Nothing() {
  return (
    <Box component="span" aria-hidden sx={{ color: "text.secondary", opacity: 0.7 }}>
      {NOTHING}
    </Box>
  );
}

function Parent({ attribute, row }: { attribute: Attribute; row: Readonly<Row> }) {
  const t = useTranslate();
  const model = useModel();
  const { relationship, resource } = attribute.reference as NonNullable<Attribute["reference"]>;
  const parent = row[relationship] as Row | null | undefined;
  const key = row[attribute.name];
  if (key === null || key === undefined) return <Nothing />;
  if (!parent) {
    // The key is there and the row behind it is not for this person's eyes.
    return parent === null ? (
      <Tooltip title={t("rg.value.hiddenParent")}>
        <Box component="span" sx={{ color: "text.secondary" }}>{String(key)}</Box>
      </Tooltip>
    ) : (
      <>{String(key)}</>
    );
  }
  const name = nameOf(model, resource, parent);
  if (!model.byName.has(resource)) return <>{name}</>;
  return (
    <MuiLink component={Link} to={routes.record(resource, parent.id)} underline="hover">
      {name}
    </MuiLink>
  );
}

const LINKS: Record<string, (value: string) => string> = {
  email: (value) => `mailto:${value}`,
  link: (value) => value,
};

export function Value({ attribute, row, wide = false }: { attribute: Attribute; row: Readonly<Row>; wide?: boolean }) {
  const t = useTranslate();
  const locale = useLocale();
  const value = row[attribute.name];
  if (attribute.reference) return <Parent attribute={attribute} row={row} />;
  if (value === null || value === undefined || value === "") return <Nothing />;
  switch (attribute.kind) {
    case "boolean": {
      const Icon = value ? CheckIcon : RemoveIcon;
      const label = t(value ? "rg.value.yes" : "rg.value.no");
      return <Icon titleAccess={label} sx={{ fontSize: 17, verticalAlign: "-3px", color: value ? "success.main" : "text.secondary" }} />;
    }
    case "enum": {
      const label = attribute.choices?.find((each) => each.value === value)?.label ?? String(value);
      return <Chip size="small" label={label} />;
    }
    case "email":
    case "link": {
      const text = String(value);
      // Only addresses that cannot run a script.
      if (attribute.kind === "link" && !/^https?:\/\//i.test(text)) return <>{text}</>;
      return (
        <MuiLink href={LINKS[attribute.kind]?.(text)} rel="noreferrer" target={attribute.kind === "link" ? "_blank" : undefined} underline="hover">
          {text}
        </MuiLink>
      );
    }
    case "image": {
      const text = String(value);
      // Pictures of other hosts are not fetched: the Content-Security-Policy forbids it, and rightly.
      return text.startsWith("data:image/") || text.startsWith("/") ? <img src={text} alt={attribute.label} style={{ maxHeight: wide ? 180 : 28 }} /> : <>{text}</>;
    }
    case "password":
      return <>••••••</>;
    case "code":
    case "json": {
      const text = attribute.kind === "json" && wide ? JSON.stringify(value, null, 2) : formatted(attribute, value, locale);
      return wide ? (
        <Box component="pre" tabIndex={0} sx={{ m: 0, p: 1, bgcolor: "action.hover", borderRadius: 1, overflow: "auto", maxHeight: 320 }}>{text}</Box>
      ) : (
        <code>{text}</code>
      );
    }
    case "binary":
      return <Typography component="span" variant="body2">{t("rg.value.bytes", { smart_count: Math.floor((String(value).length * 3) / 4) })}</Typography>;
    case "textarea":
      return <Box component="span" sx={wide ? { whiteSpace: "pre-wrap" } : undefined}>{String(value)}</Box>;
    default:
      return <Box component="span" sx={{ fontVariantNumeric: "tabular-nums" }}>{formatted(attribute, value, locale)}</Box>;
  }
}

/** What stands above a column or beside a value: a parent is called by what it is, not by its key. */
export function labelOf(attribute: Attribute, parents: readonly { name: string; label: string }[]): string {
  const reference = attribute.reference;
  return (reference && parents.find((each) => each.name === reference.relationship)?.label) || attribute.label;
}
