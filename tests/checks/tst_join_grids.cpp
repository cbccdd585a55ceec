// The networks have members called slots.
#include "checks/join_grids.h"
#include "network/joins.h"
#include "open/open_network.h"
#include "support/flow_sketch.h"
#include "support/paths.h"
#include "support/recipes.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>

using namespace quantscope;
using namespace Qt::StringLiterals;
using test::FlowSketch;

namespace {

const QString kRemedy = u"; integers meet there only on one grid, so let one quantizer make all of them (in Brevitas "
                        u"one QuantIdentity with "
                        "return_quant_tensor=True that every branch goes through), or rescale them in hardware"_s;

} // namespace

class TestJoinGrids : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sentences_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QString>("subject");
        QTest::addColumn<QString>("text");
        const QString residual = u"x > q > add; q > s > add; add > c"_s;
        QTest::newRow("agree") << u"q=i8 2^-6; s=i8 2^-6; c"_s << residual << QString() << QString();
        QTest::newRow("scale") << u"q=i8 2^-6; s=i8 0.02; c"_s << residual << u"s act"_s
                               << u"add node add: its 2 inputs differ in scale: input 0 is q act (i8, scale 2^-6, zero "
                                  "point 0), input 1 is s act (i8, scale 0.02, zero point 0)"_s;
        QTest::newRow("zero point, bits and sign") << u"q=u8 2^-6 zp 3; s=i6 2^-6; c"_s << residual << u"s act"_s
                                                   << u"add node add: its 2 inputs differ in zero point, bits and "
                                                      u"sign: input 0 is q act (u8, scale 2^-6, zero "
                                                      "point 3), input 1 is s act (i6, scale 2^-6, zero point 0)"_s;
        QTest::newRow("one of four, one not quantized and one not known")
            << u"q=u8 2^-6; s=u8 2^-5; r=u8 2^-6; f=?; c"_s << u"q > cat; s > cat; r > cat; x > cat; f > cat; cat > c"_s
            << u"s act"_s
            << u"cat node cat: 1 of its 5 inputs differ in scale: input 0 is q act (u8, scale 2^-6, zero point 0), "
               u"input "
               "1 is s act (u8, scale 2^-5, zero point 0), input 2 is r act (u8, scale 2^-6, zero point 0), input 3 is "
               "not quantized, input 4 is not known"_s;
    }

    void sentences()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        QFETCH(QString, subject);
        QFETCH(QString, text);
        const FlowSketch sketch(layers, edges);
        const std::vector<Diagnostic> found = checkJoinGrids(sketch.network);
        QCOMPARE(found.size(), text.isEmpty() ? std::size_t{0} : std::size_t{1});
        if (found.empty())
            return;
        QCOMPARE(found.front().rule, std::string("scales-differ"));
        QCOMPARE(found.front().severity, Severity::Warning);
        QCOMPARE(QString::fromStdString(subjectName(sketch.network, found.front().subject)) + u' '
                + QString::fromUtf8(slotName(*found.front().subject.slot)),
            subject);
        QCOMPARE(QString::fromStdString(found.front().text), text + kRemedy);
    }

    /// A checkpoint with its export beside it: what is compared is what is in force, whoever confirms or contradicts
    /// it.
    void besideAnExport_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QStringList>("joins");
        QTest::addColumn<QString>("rule");
        const QString differs = u"Concat: scale bits"_s, agrees = u"Add:"_s;
        QTest::newRow("confirmed") << u"as it is"_s << QStringList{differs, agrees} << u"recipe-confirmed"_s;
        QTest::newRow("taken from the export") << QString() << QStringList{differs, agrees} << u"recipe-confirmed"_s;
        QTest::newRow("an override that the export contradicts")
            << u"[[quantizer]]\nmatch = \"b\"\nslot = \"act\"\nbit_width = 8\n"_s << QStringList{u"Concat:"_s, agrees}
            << u"export-differs"_s;
        QTest::newRow("an override of the constant's quantizer")
            << u"[[quantizer]]\nmatch = \"p\"\nslot = \"act\"\nbit_width = 4\n"_s
            << QStringList{differs, u"Add: scale bits"_s} << u"export-differs"_s;
    }

    void besideAnExport()
    {
        QFETCH(QString, recipe);
        QTemporaryDir folder;
        for (const char *name : {"pair.pt", "pair.qonnx.onnx", "pair.recipe.toml"})
            std::filesystem::copy_file(
                test::data(std::string("field/joins/") + name), folder.filePath(QString(name)).toStdString());
        QFile file(folder.filePath(u"pair.recipe.toml"_s));
        QVERIFY(recipe.isEmpty() ? file.remove() : file.open(QIODevice::Append));
        if (recipe.startsWith(u'['))
            file.write(recipe.toUtf8());
        file.close();
        const auto network = openNetwork(folder.filePath(u"pair.pt"_s).toStdString());
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QStringList joins;
        for (const Join &join : joinsOf(Arrivals(*network))) {
            if (join.inputs.front().arrival.kind != Arrival::Kind::Quantized)
                continue; // the results of layers
            QString text = QString::fromStdString(network->flow.node(join.node).opType) + u':';
            for (const GridField field : join.fields)
                text += u' ' + QString::fromUtf8(gridFieldName(field));
            joins << text;
        }
        QTEST(joins, "joins");
        QFETCH(QString, rule);
        QStringList said;
        for (const Diagnostic &diagnostic : network->diagnostics)
            said << QString::fromStdString(diagnostic.rule + ": " + diagnostic.text);
        QVERIFY2(!said.filter(rule + u':').isEmpty(), qPrintable(said.join(u'\n')));
    }

    /// Floats of few bits are no integers.
    void minifloats()
    {
        FlowSketch sketch(u"q=i8 2^-6; s=i8 0.02; c"_s, u"x > q > add; q > s > add; add > c"_s);
        for (Layer &layer : sketch.network.layers)
            for (SlotQuantizer &slot : layer.slots)
                slot.quantizer->kind = QuantizerKind::Minifloat;
        const std::vector<Diagnostic> found = checkJoinGrids(sketch.network);
        QCOMPARE(found.size(), std::size_t{1});
        QVERIFY2(found.front().text.find("; values meet there only on one grid") != std::string::npos,
            found.front().text.c_str());
    }

    /// A dense block: those that differ, and what the others are like.
    void manyInputs()
    {
        QString layers = u"c"_s, edges = u"cat > c"_s;
        for (int i = 0; i < 40; ++i) {
            layers += u"; q%1=u8 2^%2"_s.arg(i).arg(i % 4 == 1 ? -5 : -6);
            edges += u"; q%1 > cat"_s.arg(i);
        }
        const FlowSketch sketch(layers, edges);
        const std::vector<Diagnostic> found = checkJoinGrids(sketch.network);
        QCOMPARE(found.size(), std::size_t{1});
        QString text = u"cat node cat: 10 of its 40 inputs differ in scale: "_s;
        for (int i = 1; i < 32; i += 4)
            text += u"input %1 is q%1 act (u8, scale 2^-5, zero point 0), "_s.arg(i);
        text += u"and 2 more differ, others are as q0 act (u8, scale 2^-6, zero point 0)"_s;
        QCOMPARE(QString::fromStdString(found.front().text), text + kRemedy);
    }
};

QTEST_GUILESS_MAIN(TestJoinGrids)
#include "tst_join_grids.moc"
