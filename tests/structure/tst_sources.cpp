#include "structure/problems.h"
#include "structure/source_tree.h"
#include "support/paths.h"

#include <QFileInfo>
#include <QLibraryInfo>

using namespace quantscope;
using test::Include;
using test::SourceFile;
using test::SourceTree;

namespace {

constexpr std::size_t kLinesBelow = 400;
constexpr std::size_t kBodyBelow = 40;

bool isBelow(const SourceFile &file, const std::string &folder) { return file.path.rfind(folder + "/", 0) == 0; }

/// The Qt module of a header; empty when it is none of Qt's.
std::string qtModule(const std::string &header)
{
    const QString folder = QLibraryInfo::path(QLibraryInfo::HeadersPath);
    const std::size_t slash = header.find('/');
    if (slash != std::string::npos)
        return QFileInfo(folder + "/" + QString::fromStdString(header)).isFile() ? header.substr(0, slash) : "";
    for (const char *module : {"QtCore", "QtConcurrent", "QtGui", "QtWidgets", "QtCharts", "QtSvg", "QtSvgWidgets",
             "QtNetwork", "QtTest", "QtPrintSupport"})
        if (QFileInfo(folder + "/" + module + "/" + QString::fromStdString(header)).isFile())
            return module;
    const bool looksLikeQt = header.size() > 1 && header[0] == 'Q' && header[1] >= 'A' && header[1] <= 'Z';
    return looksLikeQt ? "unknown to Qt" : "";
}

} // namespace

/// What no compiler looks at: where Qt may be used, how long files are, how they are named.
class TestSources : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QCOMPARE(qtModule("QString"), std::string("QtCore"));
        QCOMPARE(qtModule("QtCharts/QChartView"), std::string("QtCharts"));
        QCOMPARE(qtModule("QWidget"), std::string("QtWidgets"));
        QCOMPARE(qtModule("vector"), std::string());
    }

    void qtStaysWhereItBelongs()
    {
        std::vector<std::string> problems;
        for (const auto &[path, file] : m_programs.files())
            for (const Include &include : file.includes) {
                const std::string module = include.quoted ? "" : qtModule(include.target);
                const bool allowed = module.empty()
                    || (!isBelow(file, "model") && !isBelow(file, "app/cli")
                        && (module == "QtCore" || !isBelow(file, "widgets/items"))
                        && (module != "QtCharts" || isBelow(file, "widgets/charts")));
                if (!allowed)
                    problems.push_back(path + ":" + std::to_string(include.line) + ": <" + include.target + "> is of "
                        + module + ", which has no place here");
            }
        QVERIFY(test::noneOf(problems));
    }

    void filesAreShort()
    {
        std::vector<std::string> problems;
        for (const auto &[path, file] : m_all.files())
            if (file.lines >= kLinesBelow)
                problems.push_back(path + " has " + std::to_string(file.lines) + " lines");
        QVERIFY(test::noneOf(problems));
    }

    /// Of the programs; a test's table of inputs may be long.
    void functionsAreShort()
    {
        std::vector<std::string> problems;
        std::size_t bodies = 0;
        for (const auto &[path, file] : m_programs.files())
            for (const test::Body &body : file.bodies) {
                ++bodies;
                if (body.lines >= kBodyBelow)
                    problems.push_back(path + ":" + std::to_string(body.line) + ": a function of "
                        + std::to_string(body.lines) + " lines");
            }
        QVERIFY(test::noneOf(problems));
        QVERIFY2(bodies > 1000, "the braces of functions stand elsewhere now");
    }

    /// What a header declares is implemented in the file of its name, so each implementation has a header.
    void implementationsHaveTheirHeader()
    {
        std::vector<std::string> problems;
        for (const auto &[path, file] : m_programs.files()) {
            if (file.isHeader() || file.name() == "main.cpp" || m_programs.files().count(file.stem() + ".h") != 0)
                continue;
            problems.push_back(path + " implements no header of its name");
        }
        QVERIFY(test::noneOf(problems));
    }

    /// Two types of one name in two headers are one for the linker: what it keeps of one destroys the other.
    void typesHaveNamesOfTheirOwn()
    {
        std::vector<std::string> problems;
        std::map<std::string, std::string> first;
        for (const auto &[path, file] : m_programs.files())
            for (const test::Type &type : file.isHeader() ? file.types : std::vector<test::Type>()) {
                const auto [seen, isNew] = first.emplace(type.name, path);
                if (!isNew)
                    problems.push_back(path + ":" + std::to_string(type.line) + ": " + type.name + " is a type of "
                        + seen->second + " too");
            }
        QVERIFY(test::noneOf(problems));
        QVERIFY2(first.size() > 200, "types begin elsewhere now");
    }

private:
    SourceTree m_programs{QUANTSCOPE_SOURCE_DIR, {"model", "widgets", "app"}};
    SourceTree m_all{QUANTSCOPE_SOURCE_DIR, {"model", "widgets", "app", "tests"}};
};

QTEST_APPLESS_MAIN(TestSources)
#include "tst_sources.moc"
