/** The options of destination types, as commands ask for them. */
export {
  fieldsOf,
  type OptionField,
  optionFault,
  readOption,
  suggestedReference,
} from '../config/destinations/option-fields.ts'
