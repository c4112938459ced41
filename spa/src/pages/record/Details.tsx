// The values of a record, grouped; what a rule computes says by which rule.

import FunctionsIcon from "@mui/icons-material/Functions";
import InfoOutlined from "@mui/icons-material/InfoOutlined";
import { Box, Card, IconButton, Tooltip, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import type { Row } from "../../data/document";
import { labelOf, Value } from "../../fields/Value";
import type { Attribute, Type } from "../../meta/model";
import { groups, isStamp, STAMP_GROUP, visible } from "./groups";

function Hint({ text, rule }: { text: string; rule: boolean }) {
  const Icon = rule ? FunctionsIcon : InfoOutlined;
  return (
    <Tooltip title={text}>
      <IconButton aria-label={text} sx={{ p: 0.2, ml: 0.3, my: -0.5 }}>
        <Icon sx={{ fontSize: 15 }} />
      </IconButton>
    </Tooltip>
  );
}

function Label({ attribute, type }: { attribute: Attribute; type: Type }) {
  const t = useTranslate();
  return (
    <>
      {labelOf(attribute, type.parents)}
      {attribute.derived && !isStamp(attribute) && <Hint rule text={t("rg.field.derived", { rule: attribute.derived })} />}
      {attribute.info && <Hint rule={false} text={attribute.info} />}
    </>
  );
}

export function Details({ type, row }: { type: Type; row: Row }) {
  const t = useTranslate();
  const shown = type.attributes.filter((each) => visible(each, row, "show"));
  return (
    <Card sx={{ mb: 2 }}>
      {groups(type, shown).map((group, index) => {
        const title = group.name === STAMP_GROUP ? t("rg.field.stamps") : group.name;
        return (
          <Box key={group.name ?? ""} component="section" aria-label={title ?? t("rg.field.main")} sx={{ px: 2.5, py: 2, borderTop: index > 0 ? 1 : 0, borderColor: "divider" }}>
            {title && (
              <Typography variant="overline" component="h2" sx={{ color: "text.secondary", display: "block", mb: 0.5 }}>
                {title}
              </Typography>
            )}
            <Box
              component="dl"
              sx={{ m: 0, display: "grid", gridTemplateColumns: { xs: "repeat(2, minmax(0, 1fr))", sm: "repeat(auto-fill, minmax(220px, 1fr))" }, columnGap: 3, rowGap: 1.6 }}
            >
              {group.attributes.map((each) => (
                <Box key={each.name} sx={["textarea", "json", "code"].includes(each.kind) ? { gridColumn: "1 / -1", minWidth: 0 } : { minWidth: 0 }}>
                  <Typography component="dt" sx={{ color: "text.secondary", fontSize: 12.5 }}>
                    <Label attribute={each} type={type} />
                  </Typography>
                  <Box component="dd" sx={{ m: 0, fontSize: 14, overflowWrap: "anywhere", minHeight: 20, fontWeight: each.name === type.userKey ? 650 : 400 }}>
                    <Value attribute={each} row={row} wide />
                  </Box>
                </Box>
              ))}
            </Box>
          </Box>
        );
      })}
    </Card>
  );
}
