/** Which tables of a query have names that upstream refuses. */
import { describe, expect, it } from 'vitest'
import { nonStandardTables } from '../../../src/config/detections/table-names.ts'
import { load } from '../_project.ts'

describe('names of tables', () => {
  it.each([
    ['SELECT a FROM panther_logs.public.aws_cloudtrail', []],
    ['select a from "Panther_Logs"."PUBLIC"."x" t join Snowflake.Account_Usage.Users u on 1 = 1', []],
    ['SELECT a FROM login_history', ['login_history']],
    ['SELECT a FROM db.public.x JOIN db.other.y ON 1 = 1', ['db.other.y']],
    ['SELECT a FROM db.account_usage.x, db.public.a.b', ['db.account_usage.x']],
    ['WITH t AS (SELECT 1), u(a, b) AS (SELECT 2) SELECT * FROM t JOIN u', []],
    ['WITH t AS (SELECT 1 FROM lost) SELECT * FROM T', ['lost']],
    ['SELECT * FROM (SELECT 1 FROM db.public.x) AS t', []],
    ['SELECT extract(hour FROM at), trim(both FROM name) FROM db.public.x', []],
    ['SELECT * FROM TABLE(f()), LATERAL FLATTEN(input => y)', []],
    ['SELECT * FROM db.public.x JOIN LATERAL FLATTEN(y)', []],
    ["SELECT 'from lost', 'it\\'s from lost', 'a''b from lost' FROM db.public.x", []],
    ['SELECT 1 -- from lost\n/* from lost */ FROM db.public.x', []],
    ['SELECT * FROM lost a JOIN lost b', ['lost']],
    ['not SQL from', []],
  ])('%s', (sql, expected) => {
    expect(nonStandardTables(sql)).toEqual(expected)
  })

  it('non-standard table names are warnings for a scheduled query', async () => {
    const query = (type: string, more = '') =>
      `AnalysisType: ${type}\nQueryName: ${type}\n${more}Query: |\n  SELECT 1\n  FROM lost\n`
    const project = await load({
      'queries/scheduled.yml': query(
        'scheduled_query',
        'Enabled: true\nSchedule: { RateMinutes: 5, TimeoutMinutes: 1 }\n',
      ),
      'queries/saved.yml': query('saved_query'),
    })
    expect(project.problems).toMatchObject([
      { severity: 'warning', code: 'table-name', file: 'queries/scheduled.yml', line: 6 },
    ])
  })
})
