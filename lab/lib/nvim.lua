-- SPDX-License-Identifier: MIT
-- Neovim's own client asks for the definitions the lab wants to know. Works with 0.7 and newer.
-- Reads the server, the root, the file and lines "LINE COLUMN SYMBOL" from $LAB_NVIM_IN; exits with 0 when all were answered.

local lines = vim.fn.readfile(os.getenv('LAB_NVIM_IN'))
local server, root, file = lines[1], lines[2], lines[3]
vim.cmd('edit ' .. vim.fn.fnameescape(file))
local id = vim.lsp.start_client({ name = 'gopls', cmd = { server }, root_dir = root })
assert(id, 'the server could not be started')
vim.lsp.buf_attach_client(0, id)
vim.wait(10000, function()
	local client = vim.lsp.get_client_by_id(id)
	return client == nil or client.initialized
end, 10)
local good = true
for i = 4, #lines do
	local row, column, symbol = lines[i]:match('^(%d+) (%d+) (.+)$')
	local params = {
		textDocument = vim.lsp.util.make_text_document_params(),
		position = { line = tonumber(row), character = tonumber(column) },
	}
	local answers = vim.lsp.buf_request_sync(0, 'textDocument/definition', params, 10000) or {}
	local place = answers[id] and answers[id].result and answers[id].result[1]
	print((symbol .. ' -> ' .. (place and (place.uri or place.targetUri) or 'nothing')))
	good = good and place ~= nil
end
vim.lsp.stop_client(id, true)
vim.cmd(good and 'qall!' or 'cquit 1')
