/** Lists that people put into order. Pure. */

/** Give the list with the item at `from` at `to`. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const place = Math.max(0, Math.min(list.length - 1, to));
  const item = list[from];
  if (item === undefined || place === from) {
    return list;
  }
  const rest = list.filter((_, at) => at !== from);
  return [...rest.slice(0, place), item, ...rest.slice(place)];
}

/** Add what is not there yet. */
export function added<T extends { readonly id: string }>(list: readonly T[], more: readonly T[]): readonly T[] {
  const there = new Set(list.map((each) => each.id));
  return [...list, ...more.filter((each) => !there.has(each.id) && there.add(each.id))];
}
