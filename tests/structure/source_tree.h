#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace quantscope::test {

struct Include {
    std::size_t line = 0; ///< from 1
    std::string target; ///< as written
    bool quoted = false;
};

/// A function's body: the brace that opens it stands alone in its line, as the style has it for functions only.
struct Body {
    std::size_t line = 0; ///< of the opening brace, from 1
    std::size_t lines = 0; ///< between the braces
};

/// A type that stands in a namespace, not in another type: it begins its line.
struct Type {
    std::string name;
    std::size_t line = 0; ///< from 1
};

struct SourceFile {
    std::string path; ///< "model/base/text.cpp"
    std::size_t lines = 0;
    std::vector<Include> includes;
    std::vector<Body> bodies; ///< outermost ones, in order
    std::vector<Type> types; ///< that it defines

    std::string folder() const { return path.substr(0, path.rfind('/')); }
    std::string name() const { return path.substr(path.rfind('/') + 1); }
    std::string stem() const { return path.substr(0, path.rfind('.')); }
    bool isHeader() const { return path.substr(path.size() - 2) == ".h"; }
    /// What is compiled once for all is no room: only the build reads it.
    bool isPrecompiled() const { return name() == "precompiled.h"; }
};

/// The path by which arrows name a file or folder: rooms of the library and of the window go by their own names,
/// programs are app/NAME.
inline std::string withoutRoot(const std::string &path)
{
    for (const std::string root : {"model/", "widgets/"})
        if (path.rfind(root, 0) == 0)
            return path.substr(root.size());
    return path;
}

/// All .h and .cpp under some folders of a checkout, with what they include.
class SourceTree {
public:
    SourceTree(const std::filesystem::path &checkout, const std::vector<std::string> &roots)
    {
        for (const std::string &root : roots)
            for (const auto &entry : std::filesystem::recursive_directory_iterator(checkout / root)) {
                const std::string extension = entry.path().extension().string();
                if (entry.is_regular_file() && (extension == ".h" || extension == ".cpp"))
                    add(std::filesystem::relative(entry.path(), checkout).generic_string(), entry.path());
            }
    }

    /// By path.
    const std::map<std::string, SourceFile> &files() const { return m_files; }

    std::set<std::string> folders() const
    {
        std::set<std::string> found;
        for (const auto &[path, file] : m_files)
            if (!file.isPrecompiled())
                found.insert(withoutRoot(file.folder()));
        return found;
    }

    /// The file of the tree that an include in quotes means; null for one that lies elsewhere.
    const SourceFile *included(const SourceFile &from, const Include &include) const
    {
        for (const std::string &base :
            {from.folder() + "/", std::string("model/"), std::string("widgets/"), std::string("app/")}) {
            const auto path = std::filesystem::path(base + include.target).lexically_normal().generic_string();
            if (const auto found = m_files.find(path); found != m_files.end())
                return &found->second;
        }
        return nullptr;
    }

private:
    void add(const std::string &path, const std::filesystem::path &onDisk)
    {
        SourceFile &file = m_files[path];
        file.path = path;
        std::ifstream stream(onDisk);
        std::string end; // of the body that is open
        for (std::string line; std::getline(stream, line);) {
            ++file.lines;
            if (end.empty() && !line.empty() && line.find_first_not_of(' ') == line.size() - 1 && line.back() == '{') {
                file.bodies.push_back({file.lines, 0});
                end = line.substr(0, line.size() - 1) + "}";
            } else if (!end.empty() && line == end) {
                file.bodies.back().lines = file.lines - file.bodies.back().line - 1;
                end.clear();
            }
            addType(file, line);
            const std::size_t hash = line.find_first_not_of(" \t");
            if (hash == std::string::npos || line[hash] != '#')
                continue;
            const std::size_t word = line.find_first_not_of(" \t", hash + 1);
            if (word == std::string::npos || line.compare(word, 7, "include") != 0)
                continue;
            const std::size_t open = line.find_first_of("\"<", word);
            const std::size_t close = open == std::string::npos ? open : line.find_first_of("\">", open + 1);
            if (close != std::string::npos)
                file.includes.push_back({file.lines, line.substr(open + 1, close - open - 1), line[open] == '"'});
        }
    }

    static void addType(SourceFile &file, const std::string &line)
    {
        if (!line.starts_with("struct ") && !line.starts_with("class "))
            return;
        const std::size_t begin = line.find(' ') + 1, end = line.find_first_of(" ;:", begin);
        if (end != std::string::npos && line[end] == ' ' && line.back() != ';')
            file.types.push_back({line.substr(begin, end - begin), file.lines});
    }

    std::map<std::string, SourceFile> m_files;
};

} // namespace quantscope::test
