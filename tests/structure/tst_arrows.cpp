#include "structure/arrows.h"
#include "structure/problems.h"
#include "structure/source_tree.h"
#include "support/paths.h"

#include <QTemporaryDir>

using namespace quantscope;
using test::Arrows;
using test::Include;
using test::SourceFile;
using test::SourceTree;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

std::string textOf(const fs::path &path)
{
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// A room holds sources, or is one of them.
bool isThere(const SourceTree &tree, const std::string &room)
{
    return std::any_of(tree.files().begin(), tree.files().end(), [&](const auto &entry) {
        const std::string stem = test::withoutRoot(entry.second.stem());
        return stem == room || stem.rfind(room + "/", 0) == 0;
    });
}

/// Folders that the arrows leave out, and rooms that are none.
Lines unknownRooms(const Arrows &arrows, const SourceTree &tree)
{
    Lines found;
    const std::set<std::string> folders = tree.folders();
    for (const std::string &folder : folders) {
        const auto room = arrows.roomOf(folder);
        // A folder in a room whose other folders have arrows of their own has been forgotten.
        const bool hasNamedSiblings
            = room && *room != folder && std::any_of(folders.begin(), folders.end(), [&](const std::string &other) {
                  return other != *room && other.rfind(*room + "/", 0) == 0 && arrows.roomOf(other) == other;
              });
        if (!room || hasNamedSiblings)
            found.push_back("no arrow leads to the folder " + folder);
    }
    for (const std::string &room : arrows.rooms())
        if (!isThere(tree, room))
            found.push_back("the arrows name " + room + ", which is no folder with sources");
    return found;
}

struct Violation {
    std::string from;
    std::string to;
    std::string text;
};

std::vector<Violation> includesAgainstArrows(const Arrows &arrows, const SourceTree &tree)
{
    std::vector<Violation> found;
    for (const auto &[path, file] : tree.files())
        for (const Include &include : file.includes) {
            const SourceFile *target = include.quoted ? tree.included(file, include) : nullptr;
            const std::string place = path + ":" + std::to_string(include.line) + ": ";
            if (include.quoted && target == nullptr)
                found.push_back({"", "", place + "\"" + include.target + "\" is not in the tree"});
            if (target == nullptr || file.isPrecompiled())
                continue;
            const auto from = arrows.roomOf(test::withoutRoot(file.stem()));
            const auto to = arrows.roomOf(test::withoutRoot(target->stem()));
            if (from && to && !arrows.allows(*from, *to))
                found.push_back({*from, *to, place + *from + " may not include " + *to + " (" + include.target + ")"});
        }
    return found;
}

/// Files that include each other in a circle, each circle once.
Lines circlesOfIncludes(const SourceTree &tree)
{
    Lines found;
    std::map<const SourceFile *, int> state; // 1: being visited, 2: done
    const auto visit = [&](const auto &self, const SourceFile &file) -> void {
        state[&file] = 1;
        for (const Include &include : file.includes) {
            const SourceFile *target = include.quoted ? tree.included(file, include) : nullptr;
            if (target == nullptr)
                continue;
            if (state[target] == 1)
                found.push_back(file.path + " and " + target->path + " include each other in a circle");
            if (state[target] == 0)
                self(self, *target);
        }
        state[&file] = 2;
    };
    for (const auto &[path, file] : tree.files())
        if (state[&file] == 0)
            visit(visit, file);
    return found;
}

/// A small checkout, for what the checker must find.
class Checkout {
public:
    void add(const std::string &path, const std::string &content)
    {
        const fs::path file = root() / path;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << content;
    }
    fs::path root() const { return m_directory.path().toStdString(); }

private:
    QTemporaryDir m_directory;
};

} // namespace

class TestArrows : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        const fs::path checkout = QUANTSCOPE_SOURCE_DIR;
        m_tree = std::make_unique<SourceTree>(checkout, std::vector<std::string>{"model", "widgets", "app"});
        m_arrows = std::make_unique<Arrows>(textOf(checkout / "CONTRIBUTING.md"), m_tree->folders());
        QVERIFY2(!m_arrows->empty(), "CONTRIBUTING.md draws no arrows");
        QVERIFY(m_tree->files().size() > 100);
    }

    void arrowsAreSound()
    {
        Lines problems = m_arrows->problems();
        for (const std::string &line : unknownRooms(*m_arrows, *m_tree))
            problems.push_back(line);
        QVERIFY(test::noneOf(problems));
    }

    void everyIncludeFollowsTheArrows()
    {
        Lines problems;
        for (const Violation &violation : includesAgainstArrows(*m_arrows, *m_tree))
            problems.push_back(violation.text);
        QVERIFY(test::noneOf(problems));
    }

    void noCircleOfIncludes() { QVERIFY(test::noneOf(circlesOfIncludes(*m_tree))); }

    void grammar_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<bool>("allowed");
        const auto row = [](const char *text, const char *from, const char *to, bool allowed) {
            QTest::newRow(qPrintable(QString("%1: %2 includes %3").arg(QString(text).simplified(), from, to)))
                << text << from << to << allowed;
        };
        const char *chain = "    a <- b <- c";
        row(chain, "b", "a", true);
        row(chain, "c", "a", true);
        row(chain, "c", "c", true);
        row(chain, "a", "b", false);
        row(chain, "a", "c", false);
        const char *groups = "    a <- {b, c} <- d;   d <- e";
        row(groups, "d", "b", true);
        row(groups, "e", "a", true);
        row(groups, "b", "c", false);
        const char *nested = "    a <- d/{x, y} <- d\ntext with d <- a\n    d/x <- d/y";
        row(nested, "d", "d/x", true);
        row(nested, "d/x", "d", false);
        row(nested, "d/y", "d/x", true);
        row(nested, "d/x", "d/y", false);
        const char *entered = "    a <- o <= s <- p";
        row(entered, "s", "o", true);
        row(entered, "p", "s", true);
        row(entered, "p", "o", false);
        row(entered, "s", "a", false); // only what is written
        const char *star = "    a <- d/parts <- d/* <- d";
        row(star, "d/one", "d/parts", true);
        row(star, "d/one", "d/two", false);
        row(star, "d", "d/two", true);
        row(star, "d/parts", "d/one", false);
    }
    void grammar()
    {
        QFETCH(QString, text);
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(bool, allowed);
        const Arrows arrows(text.toStdString(), {"d", "d/one", "d/two", "d/parts", "d/one/below"});
        QCOMPARE(arrows.problems(), Lines());
        QCOMPARE(arrows.allows(from.toStdString(), to.toStdString()), allowed);
    }

    void unsoundArrows_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("circle") << "    a <- b <- c <- a";
        QTest::newRow("circle over two lines") << "    a <- b\n    b <= a";
        QTest::newRow("in itself") << "    a <- a";
        QTest::newRow("open brace") << "    {a, b <- c";
        QTest::newRow("nothing") << "    a <- ";
        QTest::newRow("two words") << "    a b <- c";
        QTest::newRow("other arrow") << "    a <- b <> c";
    }
    void unsoundArrows()
    {
        QFETCH(QString, text);
        QVERIFY(!Arrows(text.toStdString(), {}).problems().empty());
    }

    void roomsOfFiles()
    {
        const Arrows arrows("    pages/page <- pages/values <- pages", {});
        QCOMPARE(arrows.roomOf("pages/page").value_or(""), std::string("pages/page"));
        QCOMPARE(arrows.roomOf("pages/pages").value_or(""), std::string("pages"));
        QCOMPARE(arrows.roomOf("pages/values/find_bar").value_or(""), std::string("pages/values"));
        QCOMPARE(arrows.roomOf("pages/values/parts/x").value_or(""), std::string("pages/values"));
        QVERIFY(!arrows.roomOf("other/page").has_value());
    }

    /// The checker itself: one of each mistake, in a tree made for it.
    void mistakesAreFound()
    {
        Checkout checkout;
        checkout.add("model/base/text.h", "#pragma once\n#include <string>\n");
        checkout.add("model/graph/graph.h", "#include \"base/text.h\"\n");
        checkout.add("model/base/text.cpp", "#include \"base/text.h\"\n\n  #  include \"graph/graph.h\"\n");
        checkout.add("model/formats/zip/zip.h", "#include \"../../graph/graph.h\"\n");
        checkout.add("widgets/look/look.h", "#include \"formats/zip/zip.h\"\n#include \"gone.h\"\n");
        checkout.add("widgets/precompiled.h", "#include \"formats/zip/zip.h\"\n");
        checkout.add("model/extra/extra.h", "#include \"extra/more.h\"\n");
        checkout.add("model/extra/more.h", "#include \"extra/extra.h\"\n");
        const SourceTree tree(checkout.root(), {"model", "widgets"});
        const Arrows arrows("    base <- graph <- formats;   base <- look\n    base <- stale", tree.folders());
        Lines texts;
        for (const Violation &violation : includesAgainstArrows(arrows, tree))
            texts.push_back(violation.text);
        QCOMPARE(texts,
            (Lines{"model/base/text.cpp:3: base may not include graph (graph/graph.h)",
                "widgets/look/look.h:1: look may not include formats (formats/zip/zip.h)",
                "widgets/look/look.h:2: \"gone.h\" is not in the tree"}));
        QCOMPARE(unknownRooms(arrows, tree),
            (Lines{"no arrow leads to the folder extra", "the arrows name stale, which is no folder with sources"}));
        QCOMPARE(circlesOfIncludes(tree),
            (Lines{"model/extra/more.h and model/extra/extra.h include each other in a circle"}));
    }

    void folderBesideNamedOnesIsForgotten()
    {
        Checkout checkout;
        checkout.add("model/dialects/one/a.h", "");
        checkout.add("model/dialects/two/b.h", "");
        checkout.add("model/dialects/c.h", "");
        const SourceTree tree(checkout.root(), {"model"});
        const Arrows arrows("    dialects/one <- dialects", tree.folders());
        QCOMPARE(unknownRooms(arrows, tree), (Lines{"no arrow leads to the folder dialects/two"}));
    }

private:
    std::unique_ptr<SourceTree> m_tree;
    std::unique_ptr<Arrows> m_arrows;
};

QTEST_APPLESS_MAIN(TestArrows)
#include "tst_arrows.moc"
