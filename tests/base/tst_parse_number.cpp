#include "base/file_name.h"
#include "base/parse_number.h"

#include <QtTest>

#include <clocale>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace quantscope;

class TestParseNumber : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void integers_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<qint64>("value");
        QTest::addColumn<bool>("isInt"); // int32
        QTest::addColumn<bool>("isUnsigned"); // uint64
        const auto row = [](const char *text, qint64 value, bool isInt, bool isUnsigned) {
            QTest::newRow(text) << text << value << isInt << isUnsigned;
        };
        row("0", 0, true, true);
        row("007", 7, true, true);
        row("-5", -5, true, false);
        row("2147483647", 2147483647, true, true);
        row("2147483648", 2147483648, false, true);
        row("-2147483648", -2147483648LL, true, false);
        row("9223372036854775807", std::numeric_limits<qint64>::max(), false, true);
        for (const char *none :
            {"", " ", "1 ", " 1", "+1", "0x10", "1.0", "1e3", "--1", "-", "٣", "18446744073709551616"})
            row(none, 0, false, false);
    }
    void integers()
    {
        QFETCH(QString, text);
        QFETCH(qint64, value);
        QFETCH(bool, isInt);
        QFETCH(bool, isUnsigned);
        const std::string bytes = text.toStdString();
        QCOMPARE(parseNumber<int>(bytes), isInt ? std::optional(static_cast<int>(value)) : std::nullopt);
        QCOMPARE(parseNumber<std::uint64_t>(bytes),
            isUnsigned ? std::optional(static_cast<std::uint64_t>(value)) : std::nullopt);
    }

    void decimals_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<double>("value"); // NaN: none
        const auto row = [](const char *text, double value) { QTest::newRow(text) << text << value; };
        const double none = std::nan("");
        row("1.5", 1.5);
        row(".5", 0.5);
        row("-2e-3", -0.002);
        row("1e3", 1000);
        row("0.1", 0.1);
        row("inf", std::numeric_limits<double>::infinity());
        row("1,5", none);
        row("1.5.", none);
        row("+1", none);
        row("0x1p-3", none);
        row("1e400", none); // no double holds it
        row("", none);
        row("1.5 ", none);
    }
    void decimals()
    {
        QFETCH(QString, text);
        QFETCH(double, value);
        QCOMPARE(parseNumber<double>(text.toStdString()), std::isnan(value) ? std::nullopt : std::optional(value));
    }

    void fileNames_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("name");
        QTest::newRow("relative") << "a/b.pt"
                                  << "b.pt";
        QTest::newRow("absolute") << "/a/b.c/d"
                                  << "d";
        QTest::newRow("name") << "b.pt"
                              << "b.pt";
        QTest::newRow("folder") << "a/"
                                << "";
        QTest::newRow("nothing") << ""
                                 << "";
    }
    void fileNames()
    {
        QFETCH(QString, path);
        QFETCH(QString, name);
        QCOMPARE(QString::fromStdString(fileName(path.toStdString())), name);
    }

    void modelStems_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("stem");
        const std::pair<const char *, const char *> rows[] = {{"a/b.pt", "a/b"}, {"b", "b"}, {"a.b/c", "a.b/c"},
            {"a/b.c.onnx", "a/b.c"}, {"a/model.safetensors", "a/model"}, {"a/model.safetensors.index.json", "a/model"},
            {"pytorch_model.bin.index.json", "pytorch_model"}, {"a/x.index.json", "a/x.index"},
            {"a/.bin.index.json", "a/.bin.index"}};
        for (const auto &[path, stem] : rows)
            QTest::newRow(path) << path << stem;
    }
    void modelStems()
    {
        QFETCH(QString, path);
        QFETCH(QString, stem);
        QCOMPARE(QString::fromStdString(modelStem(path.toStdString())), stem);
    }
};

QTEST_APPLESS_MAIN(TestParseNumber)
#include "tst_parse_number.moc"
