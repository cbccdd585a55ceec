#include "export/export.h"
#include "export/identifier.h"

#include "support/paths.h"

using namespace quantscope;

class TestIdentifier : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void names_data();
    void names();
    void collisions();
    void comments_data();
    void comments();
};

void TestIdentifier::names_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("identifier");
    QTest::newRow("plain") << "conv1"
                           << "conv1";
    QTest::newRow("path") << "block.0.conv"
                          << "block_0_conv";
    QTest::newRow("leading digit") << "0.weight_quant"
                                   << "L0_weight_quant";
    QTest::newRow("onnx") << "/features/0/Conv"
                          << "_features_0_Conv";
    QTest::newRow("one underscore a character") << QString::fromUtf8("caf\xC3\xA9-1") << "caf__1";
    QTest::newRow("nothing") << ""
                             << "layer";
    QTest::newRow("punctuation") << "a:b c"
                                 << "a_b_c";
    for (const char *word :
        {"float", "int", "class", "register", "and", "_Bool", "restrict", "template", "constexpr", "default"})
        QTest::addRow("reserved %s", word) << word << QString(word) + "_";
    for (const char *header : {"math", "features", "limits", "assert", "ctype", "errno", "signal", "stdint", "string",
             "time", "io", "complex", "memory", "Math", "FLOAT", "systemc", "quantscope_fixed", "aux"})
        QTest::addRow("header %s", header) << header << QString(header) + "_";
    QTest::newRow("a reserved word inside is fine") << "float.math"
                                                    << "float_math";
    QTest::newRow("case matters for words only") << "Class"
                                                 << "Class";
}

void TestIdentifier::names()
{
    QFETCH(QString, path);
    QTEST(QString::fromStdString(cIdentifier(path.toStdString())), "identifier");
}

void TestIdentifier::collisions()
{
    const std::vector<std::string> paths
        = {"a.b", "a_b", "a-b", "conv1", "Conv1", "x", "x", "x_2", "math", "math_", "A.B"};
    const std::vector<std::string> expected
        = {"a_b_2", "a_b", "a_b_3", "conv1", "Conv1_2", "x", "x_3", "x_2", "math__2", "math_", "A_B_4"};
    QCOMPARE(uniqueIdentifiers(paths), expected);
}

void TestIdentifier::comments_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("safe");
    QTest::newRow("plain") << QByteArray("conv1.weight") << QByteArray("conv1.weight");
    QTest::newRow("end of comment") << QByteArray("a*/ int x;/*b") << QByteArray("a* / int x;/ *b");
    QTest::newRow("slashes and stars") << QByteArray("**//**/") << QByteArray("** // ** /");
    QTest::newRow("backslash and newline") << QByteArray("a\\\nb\r\tc") << QByteArray("a__b__c");
    QTest::newRow("trigraph") << QByteArray("what?"
                                            "?/")
                              << QByteArray("what?_/");
    QTest::newRow("not ASCII") << QByteArray("\xC3\xA9\x7F\x80") << QByteArray("___");
    QTest::newRow("too long") << QByteArray(300, 'x') << QByteArray(200, 'x') + "...";
}

void TestIdentifier::comments()
{
    QFETCH(QByteArray, text);
    QTEST(QByteArray::fromStdString(commentText(text.toStdString())), "safe");
}

QTEST_GUILESS_MAIN(TestIdentifier)
#include "tst_identifier.moc"
