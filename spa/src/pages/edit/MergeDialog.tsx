// Somebody else changed the row meanwhile: for each attribute that both changed, a person chooses whose value stays.

import { Box, Button, Dialog, DialogActions, DialogContent, DialogTitle, FormControlLabel, Radio, RadioGroup, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import type { Difference } from "../../data/changes";
import type { Row } from "../../data/document";
import { labelOf, Value } from "../../fields/Value";
import type { Attribute, Type } from "../../meta/model";

interface Given {
  type: Type;
  base: Row;
  mine: Row;
  theirs: Row;
  differences: readonly Difference[];
  onMerge: (chosen: Record<string, "mine" | "theirs">) => void;
  onClose: () => void;
}

export function MergeDialog({ type, base, mine, theirs, differences, onMerge, onClose }: Given) {
  const t = useTranslate();
  const conflicting = differences.filter((each) => each.conflicting);
  const settled = differences.filter((each) => !each.conflicting);
  const [chosen, setChosen] = useState<Record<string, "mine" | "theirs">>({});
  const open = conflicting.filter((each) => !chosen[each.name]).length;

  function side(attribute: Attribute, name: "mine" | "theirs" | "base", row: Row) {
    return (
      <Box component="span" sx={{ overflowWrap: "anywhere" }}>
        <Box component="span" sx={{ color: "text.secondary" }}>{t(`rg.merge.${name}`)}: </Box>
        <Value attribute={attribute} row={row} />
      </Box>
    );
  }

  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="merge-title">
      <DialogTitle id="merge-title" variant="h2">{t("rg.merge.title")}</DialogTitle>
      <DialogContent>
        <Typography sx={{ color: "text.secondary", mb: 2 }}>{t(conflicting.length > 0 ? "rg.merge.hint" : "rg.merge.hintNone")}</Typography>
        {conflicting.map((each) => {
          const attribute = type.byName.get(each.name) as Attribute;
          const label = labelOf(attribute, type.parents);
          return (
            <Box key={each.name} component="fieldset" sx={{ border: 1, borderColor: "divider", borderRadius: 2, mb: 1.5, px: 2, py: 1 }}>
              <Typography component="legend" variant="h3" sx={{ px: 0.5 }}>{label}</Typography>
              <Typography variant="body2">{side(attribute, "base", base)}</Typography>
              <RadioGroup aria-label={label} value={chosen[each.name] ?? ""} onChange={(_event, value) => setChosen({ ...chosen, [each.name]: value as "mine" | "theirs" })}>
                <FormControlLabel value="mine" control={<Radio size="small" />} label={side(attribute, "mine", mine)} />
                <FormControlLabel value="theirs" control={<Radio size="small" />} label={side(attribute, "theirs", theirs)} />
              </RadioGroup>
            </Box>
          );
        })}
        {settled.length > 0 && (
          <Typography variant="body2" sx={{ color: "text.secondary" }}>
            {t("rg.merge.settled", { names: settled.map((each) => labelOf(type.byName.get(each.name) as Attribute, type.parents)).join(", ") })}
          </Typography>
        )}
      </DialogContent>
      <DialogActions>
        <Button color="inherit" onClick={onClose}>{t("rg.merge.back")}</Button>
        <Button variant="contained" disabled={open > 0} onClick={() => onMerge(chosen)}>{t("rg.merge.save")}</Button>
      </DialogActions>
    </Dialog>
  );
}
