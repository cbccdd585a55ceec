// The networks have members called slots.
#include "checks/join_grids.h"
#include "support/flow_sketch.h"

#include <QtTest>

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
