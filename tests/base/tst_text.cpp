#include "base/text.h"

#include <QtTest>

#include <cmath>
#include <limits>

using namespace quantscope;

class TestText : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Python: float.hex() of the value, without its trailing zeros; C99 for the rest.
    void hexFloats_data()
    {
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("expected");
        QTest::newRow("2^-7") << 0.0078125 << "0x1p-7";
        QTest::newRow("zero") << 0.0 << "0x0p+0";
        QTest::newRow("negative zero") << -0.0 << "-0x0p+0";
        QTest::newRow("one") << 1.0 << "0x1p+0";
        QTest::newRow("0.1") << 0.1 << "0x1.999999999999ap-4";
        QTest::newRow("float 0.1") << static_cast<double>(0.1f) << "0x1.99999ap-4";
        QTest::newRow("-1.5") << -1.5 << "-0x1.8p+0";
        QTest::newRow("1e10") << 1e10 << "0x1.2a05f2p+33";
        QTest::newRow("float max") << static_cast<double>(std::numeric_limits<float>::max()) << "0x1.fffffep+127";
        QTest::newRow("inf") << std::numeric_limits<double>::infinity() << "inf";
        QTest::newRow("-inf") << -std::numeric_limits<double>::infinity() << "-inf";
        QTest::newRow("nan") << std::nan("") << "nan";
    }

    void hexFloats()
    {
        QFETCH(double, value);
        QFETCH(QString, expected);
        QCOMPARE(QString::fromStdString(hexFloat(value)), expected);
        if (std::isfinite(value))
            QCOMPARE(std::strtod(hexFloat(value).c_str(), nullptr), value);
    }

    void hexFloatsOfSubnormalsAreExact()
    {
        for (const double value : {5e-324, 1.4e-45, 2.2250738585072014e-308})
            QCOMPARE(std::strtod(hexFloat(value).c_str(), nullptr), value);
    }

    void shortestReadsBack()
    {
        QCOMPARE(shortest(0.1f), std::string("0.1"));
        QCOMPARE(shortest(0.1), std::string("0.1"));
        QCOMPARE(shortest(static_cast<double>(0.1f)), std::string("0.10000000149011612"));
        QCOMPARE(shortest(-0.0f), std::string("-0"));
        QCOMPARE(shortest(std::numeric_limits<float>::infinity()), std::string("inf"));
        for (const float value : {1e-45f, 3.4028235e38f, 16777216.0f, 0.333333343f})
            QCOMPARE(std::strtof(shortest(value).c_str(), nullptr), value);
    }

    void groupedThousands_data()
    {
        QTest::addColumn<quint64>("value");
        QTest::addColumn<QString>("expected");
        QTest::newRow("0") << quint64(0) << "0";
        QTest::newRow("999") << quint64(999) << "999";
        QTest::newRow("1000") << quint64(1000) << "1,000";
        QTest::newRow("13710") << quint64(13710) << "13,710";
        QTest::newRow("millions") << quint64(2359296) << "2,359,296";
        QTest::newRow("largest") << ~quint64(0) << "18,446,744,073,709,551,615";
    }

    void groupedThousands()
    {
        QFETCH(quint64, value);
        QFETCH(QString, expected);
        QCOMPARE(QString::fromStdString(grouped(value)), expected);
    }

    void shapes()
    {
        QCOMPARE(shapeText(std::vector<std::int64_t>{}), std::string("scalar"));
        QCOMPARE(shapeText(std::vector<std::int64_t>{16, 1, 3, 3}), std::string("16×1×3×3"));
        QCOMPARE(shapeText(std::vector<std::int64_t>{5}), std::string("5"));
        QCOMPARE(shapeText(std::vector<std::int64_t>{2, 0}, ","), std::string("2,0"));
    }

    void globs_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("matches");
        const auto row = [](const char *pattern, const char *text, bool matches) {
            QTest::addRow("%s on %s", pattern, text) << QString(pattern) << QString(text) << matches;
        };
        row("", "", true);
        row("", "a", false);
        row("*", "", true);
        row("*", "layer.0.conv", true);
        row("conv*", "conv1", true);
        row("conv*", "conv1.weight", true); // dots are crossed
        row("conv*", "xconv1", false);
        row("*.conv", "a.b.conv", true);
        row("*.conv", "conv", false);
        row("a*b*c", "aXXbYYbZc", true);
        row("a*b*c", "aXXbYY", false);
        row("?", "a", true);
        row("?", "", false);
        row("a?c", "abc", true);
        row("a?c", "ac", false);
        row("**", "x", true);
        row("*a", "aaa", true);
        row("conv[1]", "conv1", true); // as in fnmatch
        row("conv[1]", "conv[1]", true); // and themselves
        row("conv[12]", "conv2", true);
        row("conv[12]", "conv12", false);
        row("conv[12]", "conv[2]", false);
        row("conv[0-9].fc", "conv7.fc", true);
        row("conv[0-9].fc", "conv10.fc", false);
        row("conv[!1]", "conv2", true);
        row("conv[!1]", "conv1", false);
        row("conv[]x]", "conv]", true);
        row("conv[a-]", "conv-", true);
        row("block[0].conv[12]", "block[0].conv1", true);
        row("block[0].conv[12]", "block0.conv2", true);
        row("*[0-9]", "a.b[3", true);
        row("*[0-9]*", "a5b", true);
        row("layers[[]0]", "layers[0]", true);
        row("layers[[]0]", "layers0", false);
        row("layers[0", "layers[0", true); // nothing closes it
        row("conv[*]", "conv*", true);
        row("conv[*]", "conv[1]", false);
        row("conv[*]*", "conv*.fc", true);
        row("*[?]", "a.b?", true);
        row("*[?]", "a.bc", false);
        row("a[[]*]", "a[*]", true);
        row("[[]*", "[", true);
        row("[*", "[abc", true);
    }

    void escapes()
    {
        const std::vector<std::string> names{
            "f*", "f?", "fc", "a[0]", "a[*]", "a[?]", "a[[]", "[[*]]", "[*", "[[]*]", "*", "[", ""};
        for (const std::string &name : names)
            for (const std::string &other : names) {
                QCOMPARE(globMatch(globEscape(name), other), name == other);
                QCOMPARE(globNames(globEscape(name), other), name == other);
                QCOMPARE(globName(globEscape(name)), name);
            }
        QCOMPARE(globEscape("layer[0].conv"), std::string("layer[[]0].conv"));
        QVERIFY(globNames("layer[0].conv", "layer[0].conv") && hasWildcard("layer[0].conv"));
        QVERIFY(!hasWildcard("layer[[]0].conv") && !hasWildcard("layer[0"));
        QVERIFY(!globNames("f*", "f*"));
    }

    void globs()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, text);
        QFETCH(bool, matches);
        QCOMPARE(globMatch(pattern.toStdString(), text.toStdString()), matches);
    }

    void globsAreNeverExponential()
    {
        std::string pattern, text(5000, 'a');
        for (int i = 0; i < 40; ++i)
            pattern += "a*";
        QVERIFY(!globMatch(pattern + "b", text));
    }

    void wildcards()
    {
        QVERIFY(hasWildcard("a*"));
        QVERIFY(hasWildcard("a?"));
        QVERIFY(!hasWildcard("conv1.weight"));
        QVERIFY(!hasWildcard("conv[*][?]"));
        QVERIFY(hasWildcard("conv[*]*"));
    }

    void nearestWords()
    {
        const std::vector<std::string> words{"Int8WeightPerTensorFloat", "Int8WeightPerChannelFloat", "Int8Bias"};
        QCOMPARE(nearestWord("Int8WeightPerTensorFloats", words), words[0]);
        QCOMPARE(nearestWord("int8bias", words), words[2]);
        QCOMPARE(nearestWord("Int8WeightPerChanelFloat", words), words[1]);
        QCOMPARE(nearestWord("x", std::vector<std::string>{}), std::string());
        QCOMPARE(didYouMean("Int8WeightPerChanelFloat", words), std::string("; did you mean \"" + words[1] + "\"?"));
        QCOMPARE(didYouMean("kernel", std::vector<std::string>{"a", "b"}), std::string("; known are a, b"));
        std::vector<std::string> many(20, words[0]);
        QVERIFY(didYouMean("kernel", many).starts_with("; the nearest known is "));
        QVERIFY(didYouMean(std::string(4'000'000, 'x'), many).size() < 100); // a word of a hostile file
        const std::vector<std::string> biases{"Int8ActPerTensorFixedPoint", "Int8Bias",
            "Int8BiasPerTensorFixedPointInternalScaling", "Int8BiasPerTensorFloatInternalScaling"};
        QCOMPARE(nearestWord("Int8BiasPerTensorFixedPoint", biases), biases[2]); // a prefix before a likeness
        QCOMPARE(nearestWord("int8BIAS", biases), biases[1]);
        QCOMPARE(nearestWord("", std::vector<std::string>{"abc", "a"}), std::string("a"));
    }

    /// RFC 3629, with the boundary cases of each sequence length.
    void utf8_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("valid");
        QTest::newRow("ascii") << QByteArray("abc") << true;
        QTest::newRow("two") << QByteArray("\xc3\xa9") << true;
        QTest::newRow("three") << QByteArray("\xe2\x82\xac") << true;
        QTest::newRow("four") << QByteArray("\xf0\x9f\x98\x80") << true;
        QTest::newRow("largest") << QByteArray("\xf4\x8f\xbf\xbf") << true;
        QTest::newRow("beyond the largest") << QByteArray("\xf4\x90\x80\x80") << false;
        QTest::newRow("lone continuation") << QByteArray("\x80") << false;
        QTest::newRow("cut off") << QByteArray("\xe2\x82") << false;
        QTest::newRow("overlong two") << QByteArray("\xc0\xaf") << false;
        QTest::newRow("overlong three") << QByteArray("\xe0\x80\xaf") << false;
        QTest::newRow("overlong four") << QByteArray("\xf0\x80\x80\xaf") << false;
        QTest::newRow("surrogate") << QByteArray("\xed\xa0\x80") << false;
        QTest::newRow("0xff") << QByteArray("\xff") << false;
    }

    void utf8()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(bool, valid);
        QCOMPARE(isUtf8(bytes.toStdString()), valid);
        QCOMPARE(isUtf8(printable(bytes.toStdString())), true);
    }

    void printableText()
    {
        QCOMPARE(printable("conv1.weight é"), std::string("conv1.weight é"));
        QCOMPARE(printable("a\nb\x1b[31m"), std::string("a\\x0ab\\x1b[31m"));
        QCOMPARE(printable(std::string("\0", 1)), std::string("\\x00"));
        QCOMPARE(printable("\x7f"), std::string("\\x7f"));
        QCOMPARE(printable("\xc2\x9b"
                           "2J\xc2\xa0"),
            std::string("\\xc2\\x9b2J\xc2\xa0"));
        QCOMPARE(printable("a\xff"), std::string("a\\xff"));
        // Right-to-left override, zero width space, line separator; letters that are written from right to left stay.
        QCOMPARE(printable("a\u202eb"), std::string("a\\xe2\\x80\\xaeb"));
        QCOMPARE(printable("a\u200b\u2028"), std::string("a\\xe2\\x80\\x8b\\xe2\\x80\\xa8"));
        QCOMPARE(printable("\u05d0\u3042\U0001F600"), std::string("\u05d0\u3042\U0001F600"));
    }
};

QTEST_APPLESS_MAIN(TestText)
#include "tst_text.moc"
