/** What a view shows, kept in the address bar: a link reproduces it, and back and forward go through it. */
import { useNavigate, useSearch } from '@tanstack/react-router'

/** @param defaults every field of the view as text; a field with its default is not in the address */
export function useView<T extends Record<string, string>>(defaults: T) {
  const search = useSearch({ strict: false }) as Record<string, string>
  const navigate = useNavigate()
  const view = { ...defaults }
  for (const name of Object.keys(defaults) as (keyof T & string)[])
    if (search[name] !== undefined) view[name] = search[name] as T[typeof name]

  /** Another question begins at its first page. */
  const change = (changes: Partial<Record<keyof T, string>>) => {
    const next: Record<string, string> = { ...view, ...('after' in view && { after: '' }), ...changes }
    const kept = Object.entries(next).filter(([name, value]) => value !== defaults[name])
    // Only another page of a list is read from its top.
    const resetScroll = next.after !== view.after
    void navigate({ search: Object.fromEntries(kept) as never, to: '.', resetScroll })
  }
  return { view, change }
}
