#include "formats/torchscript/code_tokens.h"

#include "base/limits.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kMarks = "()[]{},:=.-+*@";

bool isNameStart(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// One use: run().
class Tokenizer {
public:
    Tokenizer(std::string_view code, std::string_view file, Budget &budget)
        : m_code(code)
        , m_file(file)
        , m_budget(budget)
    {
    }

    std::vector<CodeToken> run()
    {
        while (m_at < m_code.size()) {
            if (m_lineStart && m_open == 0)
                startLine();
            else
                next();
        }
        if (m_open != 0)
            failInCode(m_file, m_line, "a bracket is not closed");
        if (!m_tokens.empty() && m_tokens.back().kind != CodeToken::Kind::Line)
            add(CodeToken::Kind::Line, {});
        for (; m_indents.size() > 1; m_indents.pop_back())
            add(CodeToken::Kind::Dedent, {});
        add(CodeToken::Kind::End, {});
        return std::move(m_tokens);
    }

private:
    void add(CodeToken::Kind kind, std::string_view text)
    {
        m_budget.charge(sizeof(CodeToken), "the code of this archive");
        m_tokens.push_back({kind, text, m_line});
    }

    char peek(std::size_t ahead = 0) const { return m_at + ahead < m_code.size() ? m_code[m_at + ahead] : '\0'; }

    void startLine()
    {
        std::size_t width = 0;
        for (; peek() == ' '; ++m_at)
            ++width;
        m_lineStart = false;
        if (peek() == '\n' || peek() == '\r' || peek() == '#' || m_at >= m_code.size())
            return;
        if (width > m_indents.back()) {
            if (m_indents.size() > kCodeLimits.nesting)
                failInCode(m_file, m_line, fmt::format("blocks are nested more than {} deep", kCodeLimits.nesting));
            m_indents.push_back(width);
            return add(CodeToken::Kind::Indent, {});
        }
        for (; width < m_indents.back(); m_indents.pop_back())
            add(CodeToken::Kind::Dedent, {});
        if (width != m_indents.back())
            failInCode(m_file, m_line, "a line is indented by less than its block");
    }

    void next()
    {
        const char c = peek();
        if (c == '\n')
            return endLine();
        if (c == ' ' || c == '\r' || c == '\t')
            ++m_at;
        else if (c == '#')
            m_at = std::min(m_code.find('\n', m_at), m_code.size());
        else if (c == '"' || c == '\'')
            text(c);
        else if (isDigit(c) || (c == '.' && isDigit(peek(1))))
            number();
        else if (isNameStart(c))
            name();
        else
            mark(c);
    }

    void endLine()
    {
        if (m_open == 0) {
            if (!m_tokens.empty() && m_tokens.back().kind != CodeToken::Kind::Line)
                add(CodeToken::Kind::Line, {});
            m_lineStart = true;
        }
        ++m_line;
        ++m_at;
    }

    void text(char quote)
    {
        const std::size_t begin = m_at++;
        while (peek() != quote) {
            if (m_at >= m_code.size() || peek() == '\n')
                failInCode(m_file, m_line, "a text is not closed");
            m_at += peek() == '\\' ? 2u : 1u;
        }
        ++m_at;
        if (m_at > m_code.size())
            failInCode(m_file, m_line, "a text is not closed");
        add(CodeToken::Kind::Text, m_code.substr(begin, m_at - begin));
    }

    void number()
    {
        const std::size_t begin = m_at;
        bool real = false;
        while (isDigit(peek()) || peek() == '.' || peek() == 'e' || peek() == 'E' || peek() == 'j'
            || ((peek() == '-' || peek() == '+') && (m_code[m_at - 1] == 'e' || m_code[m_at - 1] == 'E'))) {
            real = real || !isDigit(peek());
            ++m_at;
        }
        add(real ? CodeToken::Kind::Real : CodeToken::Kind::Integer, m_code.substr(begin, m_at - begin));
    }

    void name()
    {
        const std::size_t begin = m_at;
        while (isNameStart(peek()) || isDigit(peek()))
            ++m_at;
        add(CodeToken::Kind::Name, m_code.substr(begin, m_at - begin));
    }

    void mark(char c)
    {
        if (kMarks.find(c) == std::string_view::npos)
            failInCode(m_file, m_line, fmt::format("'{}' is no part of TorchScript", printable(std::string(1, c))));
        const std::size_t length = c == '-' && peek(1) == '>' ? 2 : 1;
        if (c == '(' || c == '[' || c == '{') {
            if (++m_open > kCodeLimits.nesting)
                failInCode(m_file, m_line, fmt::format("brackets are nested more than {} deep", kCodeLimits.nesting));
        } else if (c == ')' || c == ']' || c == '}') {
            if (m_open-- == 0)
                failInCode(m_file, m_line, "a bracket is closed that was not opened");
        }
        add(CodeToken::Kind::Mark, m_code.substr(m_at, length));
        m_at += length;
    }

    std::string_view m_code, m_file;
    Budget &m_budget;
    std::vector<CodeToken> m_tokens;
    std::vector<std::size_t> m_indents{0};
    std::size_t m_at = 0, m_open = 0;
    std::uint32_t m_line = 1;
    bool m_lineStart = true;
};

} // namespace

void failInCode(std::string_view file, std::uint32_t line, std::string_view why)
{
    throw ParseError(fmt::format(
        "{}, line {}: {}; save the module again with torch.jit.save", printable(std::string(file)), line, why));
}

std::vector<CodeToken> codeTokens(std::string_view code, std::string_view file, Budget &budget)
{
    return Tokenizer(code, file, budget).run();
}

} // namespace quantscope
