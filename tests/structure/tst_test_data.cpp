#include "structure/problems.h"
#include "support/paths.h"

#include <QTemporaryDir>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>

using namespace quantscope;
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kMegabyte = 1'000'000;
constexpr std::uintmax_t kAllMegabytes = 50;

/// Megabytes by folder, from the rows "| folder/ | ... | N MB |".
std::map<std::string, std::uintmax_t> budgetsIn(const fs::path &readme)
{
    std::map<std::string, std::uintmax_t> budgets;
    static const std::regex row(R"(\| (\w+)/ \|.*\| (\d+) MB \|)");
    std::ifstream stream(readme);
    for (std::string line; std::getline(stream, line);)
        if (std::smatch match; std::regex_match(line, match, row))
            budgets[match[1]] = std::stoull(match[2]);
    return budgets;
}

std::uintmax_t bytesBelow(const fs::path &folder)
{
    std::uintmax_t bytes = 0;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
    return bytes;
}

/// What README.md of a folder of test data leaves out, names in vain or allows less than there is.
std::vector<std::string> undescribed(const fs::path &data)
{
    std::vector<std::string> problems;
    auto budgets = budgetsIn(data / "README.md");
    std::uintmax_t sum = 0;
    for (const auto &entry : fs::directory_iterator(data)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_directory()) {
            if (name != "README.md")
                problems.push_back(name + " belongs to no set");
            continue;
        }
        const auto budget = budgets.find(name);
        const std::uintmax_t bytes = bytesBelow(entry.path());
        if (budget == budgets.end()) {
            problems.push_back("README.md does not say where " + name + "/ comes from");
            continue;
        }
        if (bytes > budget->second * kMegabyte)
            problems.push_back(name + "/ has " + std::to_string(bytes) + " bytes, more than its "
                + std::to_string(budget->second) + " MB");
        sum += budget->second;
        budgets.erase(budget);
    }
    for (const auto &[name, budget] : budgets)
        problems.push_back("README.md describes " + name + "/, which is not there");
    if (sum > kAllMegabytes)
        problems.push_back("the budgets add up to " + std::to_string(sum) + " MB");
    std::sort(problems.begin(), problems.end());
    return problems;
}

void writeFile(const fs::path &path, const std::string &content)
{
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
}

} // namespace

/// Every set of test data is described and small.
class TestTestData : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everySetIsDescribedAndInItsBudget()
    {
        QVERIFY(budgetsIn(test::data("README.md")).size() >= 7);
        QVERIFY(test::noneOf(undescribed(test::data(""))));
    }

    void mistakesAreFound()
    {
        QTemporaryDir directory;
        const fs::path data = directory.path().toStdString();
        writeFile(data / "README.md",
            "| folder | what | budget |\n|---|---|---|\n| small/ | a, `b` | 1 MB |\n| large/ | c | 1 MB |\n"
            "| gone/ | d | 1 MB |\n");
        writeFile(data / "small" / "below" / "a.pt", std::string(1000, 'x'));
        writeFile(data / "large" / "a.pt", std::string(600'000, 'x'));
        writeFile(data / "large" / "b.pt", std::string(400'001, 'x'));
        writeFile(data / "unknown" / "a.pt", "x");
        writeFile(data / "stray.pt", "x");
        QCOMPARE(undescribed(data),
            (std::vector<std::string>{"README.md describes gone/, which is not there",
                "README.md does not say where unknown/ comes from", "large/ has 1000001 bytes, more than its 1 MB",
                "stray.pt belongs to no set"}));
    }
};

QTEST_APPLESS_MAIN(TestTestData)
#include "tst_test_data.moc"
