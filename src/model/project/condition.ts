/** The conditions of match expressions: what each compares, its opposite and its case-blind form. */

/** The form of the operand of a condition. */
export type OperandForm =
  /** Nothing; `Value: true` is tolerated, as Panther's own examples have it. */
  | 'nothing'
  /** `Value`, or a second key of the event. */
  | 'value'
  /** `Values`: a list. */
  | 'values'
  | 'value or values'

export type Operator =
  | 'equals'
  | 'starts with'
  | 'ends with'
  | 'contains'
  | 'is in'
  | 'greater'
  | 'greater or equal'
  | 'less'
  | 'less or equal'
  | 'exists'
  | 'null'
  | 'null or empty'
  | 'ip'
  | 'ipv4'
  | 'ipv6'
  | 'public ip'
  | 'private ip'
  | 'in cidr'
  | 'cidr contains'

export interface Condition {
  readonly operator: Operator
  /** Holds exactly where the operator does not. */
  readonly negated: boolean
  readonly ignoresCase: boolean
  readonly takes: OperandForm
}

interface Family {
  readonly operator: Operator
  readonly takes: OperandForm
  readonly names: readonly string[]
  readonly opposites?: readonly string[]
  /** Each has an `I...` form that ignores case. */
  readonly anyCase?: true
}

const FAMILIES: readonly Family[] = [
  { operator: 'equals', takes: 'value', names: ['Equals'], opposites: ['DoesNotEqual'], anyCase: true },
  {
    operator: 'starts with',
    takes: 'value',
    names: ['StartsWith'],
    opposites: ['DoesNotStartWith'],
    anyCase: true,
  },
  {
    operator: 'ends with',
    takes: 'value',
    names: ['EndsWith'],
    opposites: ['DoesNotEndWith'],
    anyCase: true,
  },
  {
    operator: 'contains',
    takes: 'value',
    names: ['Contains', 'Has'],
    opposites: ['DoesNotContain', 'DoesNotHave'],
    anyCase: true,
  },
  { operator: 'is in', takes: 'values', names: ['IsIn'], opposites: ['IsNotIn'] },
  { operator: 'greater', takes: 'value', names: ['IsGreaterThan'] },
  // Panther's pages spell the next pair both ways.
  {
    operator: 'greater or equal',
    takes: 'value',
    names: ['IsGreaterThanOrEquals', 'IsGreaterThanOrEqual'],
  },
  { operator: 'less', takes: 'value', names: ['IsLessThan'] },
  { operator: 'less or equal', takes: 'value', names: ['IsLessThanOrEquals', 'IsLessThanOrEqual'] },
  { operator: 'exists', takes: 'nothing', names: ['Exists'], opposites: ['DoesNotExist'] },
  { operator: 'null', takes: 'nothing', names: ['IsNull'], opposites: ['IsNotNull'] },
  { operator: 'null or empty', takes: 'nothing', names: ['IsNullOrEmpty'], opposites: ['IsNotNullOrEmpty'] },
  { operator: 'ip', takes: 'nothing', names: ['IsIPAddress'] },
  { operator: 'ipv4', takes: 'nothing', names: ['IsIPv4Address'] },
  { operator: 'ipv6', takes: 'nothing', names: ['IsIPv6Address'] },
  { operator: 'public ip', takes: 'nothing', names: ['IsIPAddressPublic'] },
  { operator: 'private ip', takes: 'nothing', names: ['IsIPAddressPrivate'] },
  {
    operator: 'in cidr',
    takes: 'value or values',
    names: ['IsIPAddressInCIDR'],
    opposites: ['IsIPAddressNotInCIDR'],
  },
  {
    operator: 'cidr contains',
    takes: 'value or values',
    names: ['CIDRContainsIPAddresses'],
    opposites: ['CIDRDoesNotContainIPAddresses'],
  },
]

export const CONDITIONS: ReadonlyMap<string, Condition> = new Map(FAMILIES.flatMap(conditionsOf))

function conditionsOf({ names, opposites = [], anyCase, ...rest }: Family): [string, Condition][] {
  const forms = anyCase ? [false, true] : [false]
  return forms.flatMap((ignoresCase) =>
    [names, opposites].flatMap((list, index) =>
      list.map((name): [string, Condition] => [
        ignoresCase ? `I${name}` : name,
        { ...rest, negated: index === 1, ignoresCase },
      ]),
    ),
  )
}
