/** The forms of the URL of a store, for hints. */
export const STORE_FORMS =
  'use sqlite:PATH (default sqlite:.signalbox/signalbox.db), postgres://USER@HOST/DATABASE or memory:'
