/** The rows that belong to alerts and deliveries, which are removed with them. The names are those of all stores. */

/** Their column `alert_id` names the alert. `alert_index` is a matter of triggers. */
export const TABLES_OF_ALERTS = [
  'alert_progress',
  'alert_status',
  'divergence',
  'handling',
  'silence_hit',
  'inhibitor',
  'escalation',
  'delivery_item',
] as const

/** Their column `delivery_id` names the delivery. */
export const TABLES_OF_DELIVERIES = ['attempt', 'delivery_item'] as const
