// The networks have members called slots.
#include "checks/accumulators.h"
#include "support/graph_network.h"

#include <QtTest>

using namespace quantscope;
using namespace Qt::StringLiterals;

class TestProductFactors : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofTheOperator_data();
    void ofTheOperator();
};

/// The sums stay what they are; alpha and beta decide whether the bias is on their grid and what a step of them is
/// worth. Weight scale 1/4, input scale 1/2, output scale 1/4.
void TestProductFactors::ofTheOperator_data()
{
    QTest::addColumn<QString>("product");
    QTest::addColumn<QString>("biasScale");
    QTest::addColumn<QString>("said");
    const QString plain = u"-765 to 1020"_s, biased = u"-772 to 1013"_s;
    QTest::newRow("neither") << u"Gemm(d, wd, bd) transB=1"_s << u"0.125"_s << biased + u" with bias, x 0.5"_s;
    QTest::newRow("another scale") << u"Gemm(d, wd, bd) transB=1"_s << u"0.25"_s << plain + u", x 0.5"_s;
    QTest::newRow("alpha, and a bias on the grid without it")
        << u"Gemm(d, wd, bd) transB=1 alpha=0.5"_s << u"0.125"_s << plain + u", x 0.25"_s;
    QTest::newRow("alpha, and a bias on the grid that it makes")
        << u"Gemm(d, wd, bd) transB=1 alpha=0.5"_s << u"0.0625"_s << biased + u" with bias, x 0.25"_s;
    QTest::newRow("beta that takes the bias off the grid")
        << u"Gemm(d, wd, bd) transB=1 beta=0.5"_s << u"0.125"_s << plain + u", x 0.5"_s;
    QTest::newRow("beta that brings the bias onto it")
        << u"Gemm(d, wd, bd) transB=1 beta=0.5"_s << u"0.25"_s << biased + u" with bias, x 0.5"_s;
    QTest::newRow("both, which cancel") << u"Gemm(d, wd, bd) transB=1 alpha=2.0 beta=2.0"_s << u"0.125"_s
                                        << biased + u" with bias, x 1"_s;
    QTest::newRow("beta of nothing") << u"Gemm(d, wd, bd) transB=1 beta=0.0"_s << u"0.125"_s << plain + u", x 0.5"_s;
    QTest::newRow("a sign that no shift has") << u"Gemm(d, wd, bd) transB=1 alpha=-1.0"_s << u"0.125"_s << plain;
    QTest::newRow("fused with what a quantizer cuts off anyway")
        << u"com.microsoft:FusedGemm(d, wd, bd) transB=1 activation=Relu alpha=0.5"_s << u"0.0625"_s
        << biased + u" with bias, x 0.25"_s;
    QTest::newRow("fused with more") << u"com.microsoft:FusedGemm(d, wd, bd) transB=1 activation=LeakyRelu"_s
                                     << u"0.125"_s << biased + u" with bias"_s;
}

void TestProductFactors::ofTheOperator()
{
    QFETCH(QString, product);
    QFETCH(QString, biasScale);
    const Network network
        = test::networkOf(u"xs = f32 0.5; xz = u8 0; ws = f32 0.25; wz = i8 0; bs = f32 "_s + biasScale
            + u"; bz = i32 0; ys = f32 0.25; yz = u8 0; w = i8[2,2] 1,2,-3,4; b = i32[2] 100,-7\n"
              u"q = QuantizeLinear(x, xs, xz) @qx; d = DequantizeLinear(q, xs, xz)\n"
              u"wd = DequantizeLinear(w, ws, wz); bd = DequantizeLinear(b, bs, bz)\n"
              u"g = "_s
            + product + u" @fc\nr = QuantizeLinear(g, ys, yz) @qy; y = DequantizeLinear(r, ys, yz)"_s);
    const auto found = accumulatorsOf(network);
    QVERIFY(found.has_value());
    QVERIFY2(found->unknown.empty(), found->unknown.empty() ? "" : found->unknown.front().why.c_str());
    QCOMPARE(found->known.size(), std::size_t{1});
    const AccumulatorRange &range = found->known.front();
    QString said = u"%1 to %2"_s.arg(range.min).arg(range.max) + (range.biasIncluded ? u" with bias"_s : QString());
    for (const Requantization &requantization : range.requantizations)
        said += u", x %1"_s.arg(requantization.factors.front().factor);
    QTEST(said, "said");
}

QTEST_GUILESS_MAIN(TestProductFactors)
#include "tst_product_factors.moc"
