// How many rows are behind each tab, asked in one request.

import { useQuery } from "@tanstack/react-query";
import { ask } from "../../data/http";
import { address } from "../../data/query";

type Counts = Record<string, number | null>;

function known(counts: Counts): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter((each): each is [string, number] => each[1] !== null));
}

/** Of a record, by relationship. */
export function useCounts(type: string, id: string, enabled: boolean): Record<string, number> {
  const { data } = useQuery({
    queryKey: [type, "counts", id],
    enabled,
    queryFn: async ({ signal }) => {
      const where = address("admin/counts", new URLSearchParams({ resource: type, id }));
      return (await ask<{ counts: Counts }>(where, { signal })).data.counts;
    },
  });
  return known(data ?? {});
}

/** Of everything, by type. */
export function useAllCounts(): { counts: Record<string, number>; error: unknown } {
  const { data, error } = useQuery({
    queryKey: ["counts"],
    queryFn: async ({ signal }) => (await ask<{ counts: Counts }>("admin/counts", { signal })).data.counts,
  });
  return { counts: known(data ?? {}), error };
}
