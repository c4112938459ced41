// Which columns to show, as a menu of check boxes.

import ViewColumnOutlined from "@mui/icons-material/ViewColumnOutlined";
import { Button, Checkbox, FormControlLabel, FormGroup, IconButton, Popover, Stack, Tooltip } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { labelOf } from "../../fields/Value";
import type { Type } from "../../meta/model";
import { useColumns } from "./useColumns";

export function ColumnsMenu({ type }: { type: Type }) {
  const t = useTranslate();
  const { shown, all, choose } = useColumns(type);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const names = new Set(shown.map((each) => each.name));
  return (
    <>
      <Tooltip title={t("rg.list.columns")}>
        <IconButton onClick={(event) => setAnchor(event.currentTarget)} aria-label={t("rg.list.columns")}>
          <ViewColumnOutlined fontSize="small" />
        </IconButton>
      </Tooltip>
      <Popover
        open={anchor !== null}
        anchorEl={anchor}
        onClose={() => setAnchor(null)}
        anchorOrigin={{ vertical: "bottom", horizontal: "right" }}
        transformOrigin={{ vertical: "top", horizontal: "right" }}
        slotProps={{ paper: { "aria-label": t("rg.list.columns"), role: "dialog" } as object }}
      >
        <Stack sx={{ p: 1.5, minWidth: 220 }}>
          <FormGroup>
            {all.map((each) => (
              <FormControlLabel
                key={each.name}
                control={
                  <Checkbox
                    size="small"
                    sx={{ py: 0.3 }}
                    checked={names.has(each.name)}
                    disabled={names.size === 1 && names.has(each.name)}
                    onChange={(_event, on) => choose(on ? [...names, each.name] : [...names].filter((name) => name !== each.name))}
                  />
                }
                label={labelOf(each, type.parents)}
              />
            ))}
          </FormGroup>
          <Button sx={{ mt: 1 }} onClick={() => choose(undefined)}>
            {t("rg.list.usualColumns")}
          </Button>
        </Stack>
      </Popover>
    </>
  );
}
