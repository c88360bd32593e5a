"""The playground: a page in the browser that shows what the assistant makes of a picture, the camera and a clip.

`picture`, `clip` and `live` compute, with the pipeline, the phrases and the voice of the assistant; `markup`,
`picture_view` and `timeline_view` write what they found as HTML. None of these knows Gradio: only `page` and `server`
do.
"""
