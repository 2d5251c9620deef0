/** Wide enough for tables; a person who attaches sees a part of it. */
export const paneSize: { readonly columns: number; readonly rows: number } = { columns: 200, rows: 50 };
