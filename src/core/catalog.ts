/** Catalogs: the adapters of one folder by name. Each adapter is loaded when it is used for the first time. */

export type Catalog<T> = Readonly<Record<string, () => Promise<T>>>

/** The loader of an adapter; undefined for a name that the catalog does not list. */
export function loaderOf<T>(catalog: Catalog<T>, name: string): (() => Promise<T>) | undefined {
  return Object.hasOwn(catalog, name) ? catalog[name] : undefined
}
