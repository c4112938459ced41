// Which page of how many rows, and how many rows a page has.

import { TablePagination } from "@mui/material";
import { useTranslate } from "ra-core";
import { useLocale } from "../../app/context";

interface Given {
  page: number;
  perPage: number;
  total: number;
  onPage: (page: number) => void;
  onPerPage?: (perPage: number) => void;
  sizes?: number[];
}

const SIZES = [10, 25, 50, 100];

export function Pager({ page, perPage, total, onPage, onPerPage, sizes = SIZES }: Given) {
  const t = useTranslate();
  const locale = useLocale();
  const n = (value: number) => new Intl.NumberFormat(locale).format(value);
  const rows = [...new Set([...sizes, perPage])].sort((a, b) => a - b);
  return (
    <TablePagination
      component="div"
      count={total}
      page={Math.max(0, Math.min(page - 1, Math.ceil(total / perPage) - 1))}
      rowsPerPage={perPage}
      rowsPerPageOptions={onPerPage ? rows : []}
      onPageChange={(_event, index) => onPage(index + 1)}
      onRowsPerPageChange={(event) => onPerPage?.(Number(event.target.value))}
      labelRowsPerPage={t("rg.list.perPage")}
      labelDisplayedRows={({ from, to, count }) => t("rg.list.range", { from: n(from), to: n(to), total: n(count) })}
      getItemAriaLabel={(kind) => t(`rg.list.${kind}`)}
      showFirstButton
      showLastButton
      sx={{ borderTop: 1, borderColor: "divider", ".MuiTablePagination-toolbar": { minHeight: 44, flexWrap: "wrap" }, ".MuiTablePagination-selectLabel": { display: { xs: "none", sm: "block" } } }}
    />
  );
}
