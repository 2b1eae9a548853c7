-- A delivery that waits for the hours of its destination. Its due date does not move with the clock.
ALTER TABLE delivery ADD COLUMN not_before INTEGER;
