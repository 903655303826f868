-- SPDX-License-Identifier: MIT
-- Judges with Neovim and the patient's own configuration: the file is open, and whoever the configuration starts is asked.
-- Reads lines "LINE COLUMN SYMBOL" from $LAB_CLIENT_IN. Works with 0.7 and newer. Exits with 0 when one gopls, and only one, answered all.

local list = vim.lsp.get_clients or vim.lsp.get_active_clients
local function servers()
	local found = {}
	for _, client in pairs(list()) do
		if client.initialized and client.name:match('go') then table.insert(found, client) end
	end
	return found
end
vim.wait(8000, function() return #servers() > 0 end, 20)
vim.wait(1500, function() return #servers() > 1 end, 20)
local good = #servers() == 1
print(#servers() .. ' clients')
for _, line in ipairs(vim.fn.readfile(os.getenv('LAB_CLIENT_IN'))) do
	local row, column, symbol = line:match('^(%d+) (%d+) (.+)$')
	local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = tonumber(row), character = tonumber(column) } }
	local answers = vim.lsp.buf_request_sync(0, 'textDocument/definition', params, 8000) or {}
	local count = 0
	for _, answer in pairs(answers) do
		if type(answer.result) == 'table' and (answer.result[1] or answer.result.uri) then count = count + 1 end
	end
	print(symbol .. ': ' .. count .. ' answers')
	good = good and count == 1
end
for _, client in pairs(list()) do vim.lsp.stop_client(client.id, true) end
vim.cmd(good and 'qall!' or 'cquit 1')
