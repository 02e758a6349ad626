// Preview mode of the Pages Router, the elder of draft mode: on, or off with ?off=1.
export default function preview(req, res) {
  const off = req.query.off === '1';
  if (off) {
    res.clearPreviewData();
  } else {
    res.setPreviewData({ fixture: true });
  }
  res.status(200).json({ preview: !off });
}
