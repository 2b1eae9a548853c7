/**
 * Rows that refer to others by their keys: each check counts those whose other row is missing. The SQL is that of all stores.
 * Signals and rows of the audit can stay for longer than their alert.
 */

interface OrphanCheck {
  /** What the rows are, in the plural. */
  readonly what: string
  /** It returns one row with `count`. */
  readonly sql: string
}

function missing(what: string, table: string, condition: string, found: string): OrphanCheck {
  return {
    what,
    sql: `SELECT count(*) AS count FROM ${table} t WHERE ${condition} AND NOT EXISTS (SELECT 1 FROM ${found})`,
  }
}

export const ORPHAN_CHECKS: readonly OrphanCheck[] = [
  missing('alerts without progress', 'alert', 'true', 'alert_progress o WHERE o.alert_id = t.id'),
  missing('alerts without a status', 'alert', 'true', 'alert_status o WHERE o.alert_id = t.id'),
  missing('rows of progress without an alert', 'alert_progress', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('statuses without an alert', 'alert_status', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('divergences without an alert', 'divergence', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('handlings without an alert', 'handling', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('hits of silences without an alert', 'silence_hit', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('inhibitors without an alert', 'inhibitor', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('escalations without an alert', 'escalation', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('deliveries without an alert', 'delivery', 'true', 'delivery_item o WHERE o.delivery_id = t.id'),
  missing('items of deliveries without an alert', 'delivery_item', 'true', 'alert o WHERE o.id = t.alert_id'),
  missing('items without a delivery', 'delivery_item', 'true', 'delivery o WHERE o.id = t.delivery_id'),
  missing('attempts without a delivery', 'attempt', 'true', 'delivery o WHERE o.id = t.delivery_id'),
  missing(
    'updates without a first delivery',
    'delivery',
    't.update_of IS NOT NULL',
    'delivery o WHERE o.id = t.update_of',
  ),
]
