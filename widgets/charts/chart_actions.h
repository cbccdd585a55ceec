#pragma once

#include <QObject>
#include <QRectF>
#include <QSize>
#include <QString>

#include <functional>

class QImage;
class QPainter;
class QWidget;

namespace quantscope {

/// What a picture of a chart says beside the chart: a document shows it without the window around it.
struct ChartCaption {
    QString title; ///< "conv2 weight: bit weights"
    QString detail; ///< "digits_fixed.pt, ap_fixed<6,0>"
    QString folder, name; ///< where a picture is offered to be saved, and under which name without its suffix
    std::function<void(QPainter &, const QRectF &)> legend = nullptr; ///< of what the chart does not tell itself
};

/// What every chart can do: copy as an image, save as PNG and SVG; by context menu and keys.
class ChartActions : public QObject {
    Q_OBJECT
public:
    using Paint = std::function<void(QPainter &, const QSize &)>;
    ChartActions(QWidget *chart, const QString &name, Paint paint);

    void setCaption(ChartCaption caption) { m_caption = std::move(caption); }
    const ChartCaption &caption() const { return m_caption; }
    /// The chart under its caption, on the surface of the theme.
    QImage image() const;
    /// An error's text, or empty.
    QString savePng(const QString &path) const;
    QString saveSvg(const QString &path) const;

private:
    void save(const QString &suffix);
    QSize pictureSize() const;
    void paintPicture(QPainter &painter) const;

    QWidget *m_chart;
    QString m_name;
    Paint m_paint;
    ChartCaption m_caption;
};

} // namespace quantscope
