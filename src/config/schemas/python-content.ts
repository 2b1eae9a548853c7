/** datamodel and global: Python that detections depend on. */
import { BOOLEAN, closed, exactlyOne, ID_TEXT, INTEGER, TEXT, TEXT_SET } from './field-forms.ts'

const MAPPING = closed(
  { Name: { type: 'string', minLength: 1 }, Path: TEXT, Method: TEXT },
  ['Name'],
  exactlyOne('Path', 'Method'),
)

export const DATA_MODEL_SCHEMA = closed(
  {
    AnalysisType: TEXT,
    DataModelID: ID_TEXT,
    Enabled: BOOLEAN,
    LogTypes: TEXT_SET,
    Mappings: { type: 'array', items: MAPPING },
    DisplayName: ID_TEXT,
    Filename: TEXT,
    BaseVersion: INTEGER,
  },
  ['AnalysisType', 'DataModelID', 'Enabled', 'LogTypes', 'Mappings'],
)

export const GLOBAL_SCHEMA = closed(
  {
    AnalysisType: TEXT,
    GlobalID: ID_TEXT,
    Filename: TEXT,
    Description: TEXT,
    Tags: TEXT_SET,
    BaseVersion: INTEGER,
  },
  ['AnalysisType', 'GlobalID', 'Filename'],
)
