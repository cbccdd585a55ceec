#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope::test {

/// Who may include whom, as CONTRIBUTING.md draws it in its indented lines:
///   a <- b      files of b may include a, and everything that a may include
///   a <= b      b may include a, but what stands on b may not
///   {a, b}/c    several rooms at once; d/* is every folder of d that is not named elsewhere
/// A room is a folder with all below it that has no name of its own, or one file without its extension.
class Arrows {
public:
    /// `folders`: all that hold sources, which is what `*` stands for.
    Arrows(const std::string &document, const std::set<std::string> &folders)
        : m_folders(folders)
    {
        std::istringstream lines(document);
        std::vector<std::string> statements;
        for (std::string line; std::getline(lines, line);)
            if (line.rfind("    ", 0) == 0 && (contains(line, "<-") || contains(line, "<=")))
                for (const std::string &statement : split(line, ';'))
                    statements.push_back(statement);
        for (const std::string &statement : statements) // names first: `*` leaves out what they name
            for (const auto &[group, arrow] : groupsOf(statement))
                for (const std::string &room : expanded(group))
                    if (!contains(room, "*"))
                        m_rooms.insert(room);
        for (const std::string &statement : statements)
            draw(statement);
        for (const auto &[room, lower] : m_lower)
            if (below(room, true).count(room) != 0)
                m_problems.push_back("the arrows lead in a circle through " + room);
    }

    bool empty() const { return m_rooms.empty(); }
    const std::set<std::string> &rooms() const { return m_rooms; }
    /// Circles and what cannot be read.
    const std::vector<std::string> &problems() const { return m_problems; }

    /// The room of a file, named by its path from its root without the extension.
    std::optional<std::string> roomOf(std::string path) const
    {
        while (m_rooms.count(path) == 0) {
            const std::size_t slash = path.rfind('/');
            if (slash == std::string::npos)
                return std::nullopt;
            path.resize(slash);
        }
        return path;
    }

    bool allows(const std::string &from, const std::string &to) const
    {
        return from == to || includable(from).count(to) != 0;
    }

private:
    struct Lower {
        std::set<std::string> open; ///< with everything below
        std::set<std::string> entered; ///< alone
    };
    using Group = std::pair<std::string, std::string>; ///< its text and the arrow behind it

    static bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

    static std::string trimmed(const std::string &text)
    {
        const std::size_t begin = text.find_first_not_of(' ');
        return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
    }

    static std::vector<std::string> split(const std::string &text, char at)
    {
        std::vector<std::string> parts;
        std::istringstream stream(text);
        for (std::string part; std::getline(stream, part, at);)
            parts.push_back(trimmed(part));
        return parts;
    }

    static std::vector<Group> groupsOf(std::string statement)
    {
        std::vector<Group> groups;
        for (std::size_t at; (at = statement.find('<')) != std::string::npos; statement.erase(0, at + 2))
            groups.emplace_back(trimmed(statement.substr(0, at)), statement.substr(at, 2));
        groups.emplace_back(trimmed(statement), "");
        return groups;
    }

    /// "a/{b, c}" is a/b and a/c.
    static std::vector<std::string> expanded(const std::string &group)
    {
        const std::size_t open = group.find('{');
        const std::size_t close = group.find('}', open);
        if (open == std::string::npos || close == std::string::npos)
            return {trimmed(group)};
        std::vector<std::string> rooms;
        for (const std::string &part : split(group.substr(open + 1, close - open - 1), ','))
            for (const std::string &room : expanded(group.substr(0, open) + part + group.substr(close + 1)))
                rooms.push_back(room);
        return rooms;
    }

    std::vector<std::string> named(const std::string &group)
    {
        std::vector<std::string> rooms;
        for (const std::string &room : expanded(group)) {
            if (room.empty() || room.find_first_of(" {}<>,") != std::string::npos)
                m_problems.push_back("'" + group + "' is no room");
            if (room.size() < 2 || room.substr(room.size() - 2) != "/*") {
                rooms.push_back(room);
                continue;
            }
            const std::string parent = room.substr(0, room.size() - 1);
            for (const std::string &folder : m_folders) {
                const bool isChild = folder.rfind(parent, 0) == 0 && folder.find('/', parent.size()) == folder.npos;
                if (isChild && (m_rooms.count(folder) == 0 || m_fromStar.count(folder) != 0)) {
                    rooms.push_back(folder);
                    m_fromStar.insert(folder);
                    m_rooms.insert(folder);
                }
            }
        }
        return rooms;
    }

    void draw(const std::string &statement)
    {
        const std::vector<Group> groups = groupsOf(statement);
        for (std::size_t i = 0; i + 1 < groups.size(); ++i) {
            const std::string &arrow = groups[i].second;
            if (arrow != "<-" && arrow != "<=")
                m_problems.push_back("'" + arrow + "' is no arrow in '" + statement + "'");
            const std::vector<std::string> lower = named(groups[i].first);
            for (const std::string &upper : named(groups[i + 1].first)) {
                Lower &rooms = m_lower[upper];
                (arrow == "<=" ? rooms.entered : rooms.open).insert(lower.begin(), lower.end());
            }
        }
    }

    std::set<std::string> includable(const std::string &from) const
    {
        std::set<std::string> found = below(from, false);
        if (const auto lower = m_lower.find(from); lower != m_lower.end())
            found.insert(lower->second.entered.begin(), lower->second.entered.end());
        return found;
    }

    std::set<std::string> below(const std::string &from, bool throughEntered) const
    {
        std::set<std::string> found;
        std::vector<std::string> left{from};
        while (!left.empty()) {
            const auto lower = m_lower.find(left.back());
            left.pop_back();
            if (lower == m_lower.end())
                continue;
            std::set<std::string> next = lower->second.open;
            if (throughEntered)
                next.insert(lower->second.entered.begin(), lower->second.entered.end());
            for (const std::string &room : next)
                if (found.insert(room).second)
                    left.push_back(room);
        }
        return found;
    }

    std::set<std::string> m_folders;
    std::set<std::string> m_rooms;
    std::set<std::string> m_fromStar;
    std::map<std::string, Lower> m_lower;
    std::vector<std::string> m_problems;
};

} // namespace quantscope::test
