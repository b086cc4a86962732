-- Whose an invite was before it was taken over: 'module', the Python module's; 'matrix-registration', a token of that program's; or
-- 'here', nobody else's.
ALTER TABLE invites ADD COLUMN origin TEXT NOT NULL DEFAULT 'here';
UPDATE invites SET origin = 'module' WHERE registration_token = 'inherited';
