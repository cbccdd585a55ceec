#include "formats/torchscript/code_parser.h"

#include "base/limits.h"
#include "base/text.h"
#include "formats/torchscript/code_tokens.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What the printer writes behind a backslash: letters, else up to three octal digits.
std::string withoutEscapes(std::string_view text)
{
    static constexpr std::string_view kLetters = "abfnrtv", kMeanings = "\a\b\f\n\r\t\v";
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char escaped = text[++i];
        if (const auto letter = kLetters.find(escaped); letter != std::string_view::npos) {
            out += kMeanings[letter];
        } else if (escaped >= '0' && escaped <= '7') {
            unsigned value = 0;
            for (int digit = 0; digit < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++digit, ++i)
                value = value * 8 + static_cast<unsigned>(text[i] - '0');
            --i;
            out += static_cast<char>(value & 0xFF);
        } else {
            out += escaped;
        }
    }
    return out;
}

/// Recursive descent. One use: run().
class CodeParser {
public:
    CodeParser(CodeTree &tree, Budget &budget)
        : m_tree(tree)
        , m_tokens(codeTokens(tree.text, tree.file, budget))
        , m_budget(budget)
    {
    }

    void run()
    {
        while (token().kind != CodeToken::Kind::End)
            if (const auto read = statement(); read && isTop(*read))
                m_tree.top.push_back(*read);
    }

private:
    using Kind = CodeToken::Kind;

    const CodeToken &token() const { return m_tokens[m_at]; }
    bool at(std::string_view text) const
    {
        return (token().kind == Kind::Mark || token().kind == Kind::Name) && token().text == text;
    }
    bool take(std::string_view text)
    {
        const bool there = at(text);
        m_at += there ? 1 : 0;
        return there;
    }
    void expect(std::string_view text)
    {
        if (!take(text))
            fail(fmt::format("'{}' is expected", text));
    }
    bool take(Kind kind)
    {
        const bool there = token().kind == kind;
        m_at += there && kind != Kind::End ? 1 : 0;
        return there;
    }
    [[noreturn]] void fail(std::string_view why) const { failInCode(m_tree.file, token().line, why); }
    std::string_view name()
    {
        if (token().kind != Kind::Name)
            fail("a name is expected");
        return m_tokens[m_at++].text;
    }
    void endOfLine()
    {
        if (!take(Kind::Line) && token().kind != Kind::End)
            fail(fmt::format("'{}' is not expected here", printable(std::string(token().text.substr(0, 40)))));
    }
    bool isTop(CodeRef ref) const
    {
        return m_tree.nodes[ref].kind == CodeKind::Class || m_tree.nodes[ref].kind == CodeKind::Function;
    }

    CodeRef add(CodeKind kind, std::uint32_t line, std::string_view text = {}, std::vector<CodeRef> parts = {})
    {
        m_budget.charge(sizeof(CodeNode) + parts.size() * sizeof(CodeRef), "the code of this archive");
        m_tree.nodes.push_back({kind, line, text, std::move(parts)});
        return static_cast<CodeRef>(m_tree.nodes.size() - 1);
    }

    struct Deeper {
        std::uint32_t &depth;
        explicit Deeper(const CodeParser &parser, std::uint32_t &d)
            : depth(d)
        {
            if (++depth > 2 * kCodeLimits.nesting)
                parser.fail(fmt::format("expressions are nested more than {} deep", 2 * kCodeLimits.nesting));
        }
        ~Deeper() { --depth; }
    };

    /// Empty for what says nothing: imports and decorators.
    std::optional<CodeRef> statement()
    {
        const Deeper deeper(*this, m_depth);
        const std::uint32_t line = token().line;
        if (at("import") || at("from") || at("@")) {
            while (!take(Kind::Line) && token().kind != Kind::End)
                ++m_at;
            return std::nullopt;
        }
        if (take("class"))
            return classBody(line);
        if (take("def"))
            return function(line);
        if (take("if"))
            return branch(line);
        if (take("while")) {
            const CodeRef condition = expression();
            return add(CodeKind::While, line, {}, {condition, block()});
        }
        if (take("for")) {
            const CodeRef target = list(CodeKind::Tuple, "in");
            expect("in");
            const CodeRef through = expression();
            return add(CodeKind::For, line, {}, {target, through, block()});
        }
        if (take("with")) {
            const CodeRef entered = expression();
            if (take("as"))
                name();
            return add(CodeKind::With, line, {}, {entered, block()});
        }
        const CodeRef simple = simpleStatement(line);
        endOfLine();
        return simple;
    }

    CodeRef simpleStatement(std::uint32_t line)
    {
        if (take("pass"))
            return add(CodeKind::Pass, line);
        if (take("return"))
            return token().kind == Kind::Line ? add(CodeKind::Return, line)
                                              : add(CodeKind::Return, line, {}, {list(CodeKind::Tuple, "=")});
        std::vector<CodeRef> parts{list(CodeKind::Tuple, "=")};
        if (take(":")) { // a field, or a variable with its type
            expression();
            const std::string_view field = m_tree.nodes[parts[0]].text;
            if (take("="))
                return add(CodeKind::Field, line, field, {list(CodeKind::Tuple, "=")});
            return add(CodeKind::Field, line, field);
        }
        while (take("="))
            parts.push_back(list(CodeKind::Tuple, "="));
        const CodeKind kind = parts.size() > 1 ? CodeKind::Assign : CodeKind::Expression;
        return add(kind, line, {}, std::move(parts));
    }

    CodeRef branch(std::uint32_t line)
    {
        const CodeRef condition = expression();
        const CodeRef then = block();
        const std::uint32_t elseLine = token().line;
        if (take("elif"))
            return add(
                CodeKind::If, line, {}, {condition, then, add(CodeKind::Block, elseLine, {}, {elseIf(elseLine)})});
        return add(CodeKind::If, line, {}, {condition, then, take("else") ? block() : add(CodeKind::Block, line)});
    }
    CodeRef elseIf(std::uint32_t line)
    {
        const Deeper deeper(*this, m_depth);
        return branch(line);
    }

    CodeRef block()
    {
        const std::uint32_t line = token().line;
        expect(":");
        endOfLine();
        std::vector<CodeRef> statements;
        if (!take(Kind::Indent))
            fail("an indented block is expected");
        while (!take(Kind::Dedent)) {
            if (token().kind == Kind::End)
                fail("the code ends inside a block");
            if (const auto read = statement())
                statements.push_back(*read);
        }
        return add(CodeKind::Block, line, {}, std::move(statements));
    }

    CodeRef classBody(std::uint32_t line)
    {
        const std::string_view called = name();
        if (take("(")) {
            while (!at(")"))
                expression(), take(",");
            expect(")");
        }
        const CodeRef body = block();
        return add(CodeKind::Class, line, called, m_tree.nodes[body].parts);
    }

    CodeRef function(std::uint32_t line)
    {
        const std::string_view called = name();
        std::vector<CodeRef> parts;
        expect("(");
        while (!take(")")) {
            const std::uint32_t at = token().line;
            if (take("*")) { // what follows is given by keyword alone
                take(",");
                continue;
            }
            const std::string_view parameter = name();
            if (take(":"))
                expression();
            parts.push_back(take("=") ? add(CodeKind::Parameter, at, parameter, {expression()})
                                      : add(CodeKind::Parameter, at, parameter));
            if (!take(",") && !this->at(")"))
                fail("',' or ')' is expected");
        }
        if (take("->"))
            expression();
        parts.push_back(block());
        return add(CodeKind::Function, line, called, std::move(parts));
    }

    /// One expression, or several with commas between them, which are a tuple.
    CodeRef list(CodeKind kind, std::string_view before)
    {
        const std::uint32_t line = token().line;
        const CodeRef first = before == "in" ? postfix() : expression();
        if (!at(","))
            return first;
        std::vector<CodeRef> parts{first};
        while (take(",") && !at(before) && token().kind != Kind::Line)
            parts.push_back(before == "in" ? postfix() : expression());
        return add(kind, line, {}, std::move(parts));
    }

    CodeRef expression()
    {
        const Deeper deeper(*this, m_depth);
        const std::uint32_t line = token().line;
        if (take("not"))
            return add(CodeKind::Not, line, {}, {expression()});
        if (take("-"))
            return add(CodeKind::Minus, line, {}, {expression()});
        const CodeRef value = postfix();
        if (!take("if"))
            return value;
        const CodeRef condition = expression();
        expect("else");
        return add(CodeKind::Choice, line, {}, {value, condition, expression()});
    }

    CodeRef postfix()
    {
        CodeRef value = atom();
        for (;;) {
            const std::uint32_t line = token().line;
            if (take("."))
                value = add(CodeKind::Attribute, line, name(), {value});
            else if (take("("))
                value = arguments(value, line);
            else if (take("[")) {
                const CodeRef index = sequence(CodeKind::Tuple, "]", line, {});
                const auto &parts = m_tree.nodes[index].parts;
                value = add(CodeKind::Subscript, line, {}, {value, parts.size() == 1 ? parts[0] : index});
            } else
                return value;
        }
    }

    CodeRef arguments(CodeRef callee, std::uint32_t line)
    {
        std::vector<CodeRef> parts{callee};
        while (!take(")")) {
            const bool keyword
                = token().kind == Kind::Name && m_tokens[m_at + 1].text == "=" && m_tokens[m_at + 1].kind == Kind::Mark;
            if (keyword) {
                const std::uint32_t at = token().line;
                const std::string_view called = name();
                expect("=");
                parts.push_back(add(CodeKind::Keyword, at, called, {expression()}));
            } else {
                parts.push_back(expression());
            }
            if (!take(",") && !at(")"))
                fail("',' or ')' is expected");
        }
        return add(CodeKind::Call, line, {}, std::move(parts));
    }

    CodeRef sequence(CodeKind kind, std::string_view end, std::uint32_t line, std::vector<CodeRef> parts)
    {
        while (!take(end)) {
            parts.push_back(expression());
            if (kind == CodeKind::Dict) {
                expect(":");
                parts.push_back(expression());
            }
            if (!take(",") && !at(end))
                fail(fmt::format("',' or '{}' is expected", end));
        }
        return add(kind, line, {}, std::move(parts));
    }

    CodeRef parenthesised(std::uint32_t line)
    {
        if (take(")"))
            return add(CodeKind::Tuple, line);
        const CodeRef first = expression();
        if (take(")"))
            return first;
        expect(",");
        return sequence(CodeKind::Tuple, ")", line, {first});
    }

    CodeRef atom()
    {
        const CodeToken &read = token();
        if (take("("))
            return parenthesised(read.line);
        if (take("["))
            return sequence(CodeKind::List, "]", read.line, {});
        if (take("{"))
            return sequence(CodeKind::Dict, "}", read.line, {});
        if (read.kind == Kind::Mark || read.kind == Kind::Line || read.kind >= Kind::Indent)
            fail(fmt::format("an expression is expected, not '{}'", read.text));
        ++m_at;
        static constexpr std::array kKinds = {CodeKind::Name, CodeKind::Integer, CodeKind::Real, CodeKind::Text};
        const CodeKind kind = kKinds[static_cast<std::size_t>(read.kind)];
        return add(kind, read.line, kind == CodeKind::Text ? unquoted(read.text) : read.text);
    }

    std::string_view unquoted(std::string_view text)
    {
        const std::string_view inner = text.substr(1, text.size() - 2);
        if (inner.find('\\') == std::string_view::npos)
            return inner;
        m_budget.charge(inner.size() + sizeof(std::string), "the code of this archive");
        return m_tree.ownTexts.emplace_back(withoutEscapes(inner));
    }

    CodeTree &m_tree;
    std::vector<CodeToken> m_tokens;
    Budget &m_budget;
    std::size_t m_at = 0;
    std::uint32_t m_depth = 0;
};

} // namespace

std::unique_ptr<const CodeTree> parseCode(std::string file, std::string text, Budget &budget)
{
    auto tree = std::make_unique<CodeTree>();
    tree->file = std::move(file);
    tree->text = std::move(text);
    CodeParser(*tree, budget).run();
    return tree;
}

} // namespace quantscope
