#include "recipe/recipe_text.h"

#include "recipe/recipe_reader.h"
#include "recipe/recipe_toml.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace quantscope {

namespace {

/// Byte positions of toml++'s places: lines and columns count from 1, columns in code points.
class Positions {
public:
    explicit Positions(std::string_view text)
        : m_text(text)
    {
        m_lines.push_back(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
        for (std::size_t i = 0; i < text.size(); ++i)
            if (text[i] == '\n')
                m_lines.push_back(i + 1);
    }
    std::size_t lineBegin(toml::source_index line) const
    {
        return line >= 1 && line <= m_lines.size() ? m_lines[line - 1] : m_text.size();
    }
    /// Behind the line's end.
    std::size_t lineEnd(toml::source_index line) const { return lineBegin(line + 1); }
    std::size_t at(toml::source_position where) const
    {
        std::size_t byte = lineBegin(where.line);
        for (toml::source_index column = 1; column < where.column && byte < m_text.size(); ++column) {
            ++byte;
            while (byte < m_text.size() && (static_cast<unsigned char>(m_text[byte]) & 0xC0) == 0x80)
                ++byte;
        }
        return byte;
    }

private:
    std::string_view m_text;
    std::vector<std::size_t> m_lines;
};

struct Splice {
    std::size_t begin, end;
    std::string text;
};

const std::string *find(const TomlKeys &keys, std::string_view key)
{
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto &k) { return k.first == key; });
    return found == keys.end() ? nullptr : &found->second;
}

class TextEditor {
public:
    explicit TextEditor(std::string_view text)
        : m_text(text)
        , m_positions(text)
        , m_root(toml::parse(text))
        , m_newline(text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n")
    {
    }

    template <class Entry> void edit(const char *heading, std::span<const Entry> before, std::span<const Entry> after)
    {
        const toml::array *tables = m_root[heading].as_array();
        for (std::size_t i = 0; i < after.size(); ++i) {
            const TomlKeys wanted = tomlKeys(after[i]);
            if (i >= before.size())
                append(heading, tables, wanted);
            else if (after[i].edited)
                change(*tables->get(i)->as_table(), tomlKeys(before[i]), wanted);
        }
    }

    /// What is muted, at its place or as a table at the end.
    void mute(const std::vector<std::string> &before, const std::vector<std::string> &after)
    {
        if (before == after)
            return;
        if (const toml::node *list = m_root["checks"]["mute"].node()) {
            m_splices.push_back(
                {m_positions.at(list->source().begin), m_positions.at(list->source().end), tomlTexts(after)});
            return;
        }
        const toml::table *checks = m_root["checks"].as_table();
        const std::string line = fmt::format("mute = {}{}", tomlTexts(after), m_newline);
        if (checks == nullptr)
            m_added += fmt::format("{}[checks]{}{}", m_newline, m_newline, line);
        else if (!checks->is_inline()) {
            const std::size_t at = m_positions.lineEnd(checks->source().begin.line);
            m_splices.push_back({at, at, line});
        }
    }

    /// Takes out the tables of proofs that are no more; false where the file writes them inline.
    bool drop(std::span<const RecipeProof> before, std::span<const RecipeProof> after)
    {
        const toml::array *tables = m_root["proof"].as_array();
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (std::ranges::any_of(after, [&](const RecipeProof &proof) {
                    return proof.layer == before[i].layer && proof.slot == before[i].slot;
                }))
                continue;
            const toml::table &table = *tables->get(i)->as_table();
            if (table.is_inline())
                return false;
            toml::source_index first = table.source().begin.line, last = first;
            for (const auto &[key, node] : table)
                last = std::max(last, node.source().end.line);
            const auto isBlank = [&](toml::source_index line) {
                const std::size_t begin = m_positions.lineBegin(line);
                return m_text.substr(begin, m_positions.lineEnd(line) - begin).find_first_not_of(" \t\r\n")
                    == std::string_view::npos;
            };
            while (first > 1 && isBlank(first - 1))
                --first;
            m_splices.push_back({m_positions.lineBegin(first), m_positions.lineEnd(last), {}});
        }
        return true;
    }

    std::string result()
    {
        std::stable_sort(
            m_splices.begin(), m_splices.end(), [](const Splice &a, const Splice &b) { return a.begin < b.begin; });
        std::string out;
        std::size_t at = 0;
        for (const Splice &splice : m_splices) {
            out.append(m_text.substr(at, splice.begin - at)).append(splice.text);
            at = std::max(at, splice.end);
        }
        out.append(m_text.substr(at));
        if (!m_added.empty() && !out.empty() && !out.ends_with('\n'))
            out += m_newline;
        return out + m_added;
    }

private:
    static std::string inlineTable(const TomlKeys &keys)
    {
        std::string out;
        for (const auto &[key, value] : keys)
            out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", key, value);
        return "{ " + out + " }";
    }

    /// A new table at the end; where the file writes its tables as one array of inline tables, behind the last of them.
    void append(const char *heading, const toml::array *tables, const TomlKeys &keys)
    {
        const toml::table *last = tables == nullptr || tables->empty() ? nullptr : tables->back().as_table();
        if (last != nullptr && last->is_inline()) {
            const std::size_t end = m_positions.at(last->source().end);
            m_splices.push_back({end, end, ", " + inlineTable(keys)});
            return;
        }
        m_added += fmt::format("{}[[{}]]{}", m_newline, heading, m_newline);
        for (const auto &[key, value] : keys)
            m_added += fmt::format("{} = {}{}", key, value, m_newline);
    }

    void change(const toml::table &table, const TomlKeys &before, const TomlKeys &wanted)
    {
        if (table.is_inline()) {
            m_splices.push_back(
                {m_positions.at(table.source().begin), m_positions.at(table.source().end), inlineTable(wanted)});
            return;
        }
        toml::source_index lastLine = table.source().begin.line;
        std::string indent;
        for (const auto &[key, node] : table) {
            const toml::source_position begin = key.source().begin, end = node.source().end;
            if (end.line >= lastLine) {
                lastLine = end.line;
                const std::size_t line = m_positions.lineBegin(begin.line);
                indent = m_text.substr(line, m_positions.at(begin) - line);
            }
            const std::string *now = find(wanted, key.str()), *was = find(before, key.str());
            if (now == nullptr)
                m_splices.push_back({m_positions.lineBegin(begin.line), m_positions.lineEnd(end.line), {}});
            else if (was == nullptr || *now != *was)
                m_splices.push_back({m_positions.at(node.source().begin), m_positions.at(end), *now});
        }
        std::string added;
        for (const auto &[key, value] : wanted)
            if (!table.contains(key) && (key != "match" || value != tomlString("*")))
                added += fmt::format("{}{} = {}{}", indent, key, value, m_newline);
        if (added.empty())
            return;
        const std::size_t at = m_positions.lineEnd(lastLine);
        if (at == m_text.size() && !m_text.ends_with('\n'))
            added.insert(0, m_newline);
        m_splices.push_back({at, at, added});
    }

    std::string_view m_text;
    Positions m_positions;
    toml::table m_root;
    std::string m_newline;
    std::vector<Splice> m_splices;
    std::string m_added;
};

template <class Entry> bool sayTheSame(const std::vector<Entry> &a, const std::vector<Entry> &b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Entry &x, const Entry &y) {
        TomlKeys left = tomlKeys(x), right = tomlKeys(y);
        std::sort(left.begin(), left.end()); // the reader knows keys by name, not by place
        std::sort(right.begin(), right.end());
        return left == right;
    });
}

} // namespace

Result<std::string> editedToml(std::string_view text, const Recipe &recipe)
{
    const auto failure = [&](const char *reason) {
        return tl::unexpected(Error{ErrorKind::Usage, recipe.path, std::nullopt, reason});
    };
    if (recipe.words == nullptr)
        return failure("is not the file that the recipe was read from");
    const auto before = readRecipe(text, recipe.path, *recipe.words);
    if (!before)
        return tl::unexpected(before.error());
    if (before->quantizers.size() > recipe.quantizers.size() || before->layers.size() > recipe.layers.size())
        return failure("is not the file that the recipe was read from");
    TextEditor editor(text);
    editor.edit<RecipeLayer>("layer", before->layers, recipe.layers);
    editor.edit<RecipeQuantizer>("quantizer", before->quantizers, recipe.quantizers);
    if (!editor.drop(before->proofs, recipe.proofs))
        return failure("holds its proofs as one list; save the recipe under another name");
    editor.mute(before->mutes, recipe.mutes);
    std::string edited = editor.result();
    const auto after = readRecipe(edited, recipe.path, *recipe.words);
    if (!after || after->brevitas != recipe.brevitas || after->mutes != recipe.mutes
        || !sayTheSame(after->layers, recipe.layers) || !sayTheSame(after->quantizers, recipe.quantizers)
        || !sayTheSame(after->proofs, recipe.proofs))
        return failure("cannot take the changes where they belong; save the recipe under another name");
    return edited;
}

} // namespace quantscope
