-- A correlation rule keeps the position up to which it has read: the id of a signal in 16 digits.
UPDATE source_cursor SET cursor = json_set(cursor, '$.after', printf('%016d', json_extract(cursor, '$.after')))
WHERE source GLOB 'correlation:*' AND cursor IS NOT NULL;
