-- Whose an invite was before it was taken over: 'module', the Python module's; 'matrix-registration', a token of that program's; or
-- 'here', nobody else's.
ALTER TABLE invites ADD COLUMN source TEXT NOT NULL DEFAULT 'here';
UPDATE invites SET source = 'module' WHERE registration_token = 'inherited';
